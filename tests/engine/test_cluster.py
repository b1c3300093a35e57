"""A Ray cluster of two nodes: the command line gives the bytes of this machine, also if a node is lost.

The commands run in processes of their own, so that they join the cluster by its address, as users do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agreid_cli.stages.run.rank_units import RANGE as ROWS
from agreid_cli.stages.run.train import train
from tests.support import tiny
from tests.support.people_on_disk import write_people
from tests.training.trained import small

pytestmark = pytest.mark.slow
N_VIDEOS, N_CROPS, TRIES = 8, 8200, 5
SIZE = {"num_cpus": 1, "object_store_memory": 80 << 20}
TOML = """
[extract-crops]
every = 5
detector = {{ weights = "campus" }}
[engine]
address = "{address}"
workers = {workers}
"""


class TwoNodes:
    """A head and a node, of one worker each. Ray waits 30 s for one, too short on a busy machine."""

    def __init__(self, kind: Any) -> None:
        head = {**SIZE, "include_dashboard": False}
        self._cluster = _patient(lambda: kind(initialize_head=True, connect=False, head_node_args=head))
        self.node: Any = None
        self.address: str = self._cluster.address

    def complete(self) -> str:
        """The address, with both nodes running."""
        if self.node is None:
            self.node = _patient(lambda: self._cluster.add_node(**SIZE))
        return self.address

    def lose(self) -> None:
        """Kill the second node."""
        self._cluster.remove_node(self.node, allow_graceful=False)
        self.node = None

    def shutdown(self) -> None:
        """End all nodes."""
        self._cluster.shutdown()


def _patient(start: Callable[[], Any]) -> Any:
    for attempt in range(TRIES):
        try:
            return start()
        except Exception as error:
            if "timed out" not in str(error) or attempt + 1 == TRIES:
                raise
    return None


@pytest.fixture(scope="module")
def cluster() -> Iterator[TwoNodes]:
    """Two nodes on this machine; no process of the test joins them."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    found = TwoNodes(Cluster)
    yield found
    found.shutdown()


#: Squares numbers on the cluster and prints the results.
TOYS = """
import json, sys
from functools import partial
from pathlib import Path
from agreid_cli.config.engine import EngineConfig
from agreid_cli.engine.run import run_units
from agreid_cli.engine.units import Unit
from tests.engine.toys import open_toy

folder, got = Path(sys.argv[1]), {}
def done(unit, result):
    assert unit.name not in got, "a unit is done once"
    got[unit.name] = result
failures = run_units(
    [Unit(str(n), n) for n in range(20, 40)], partial(open_toy, folder, 0.3),
    config=EngineConfig(name="ray", address=sys.argv[2], workers=2), folder=folder, label="toys", noun="toys",
    done=done,
)
print(json.dumps([got, [failure.name for failure in failures]]))
"""


def test_a_node_lost_during_units_loses_none(cluster: TwoNodes, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    run = subprocess.Popen(
        [sys.executable, "-c", TOYS, str(tmp_path), cluster.complete()], cwd=root, text=True,
        env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.PIPE,
    )  # fmt: skip
    while len(list(tmp_path.glob("opened-*"))) < 2 or len(list(tmp_path.glob("begun-*"))) < 6:
        assert run.poll() is None
        time.sleep(0.02)
    assert len(list(tmp_path.glob("begun-*"))) < 20, "units are left"
    cluster.lose()
    said, _ = run.communicate()
    assert run.returncode == 0
    assert json.loads(said.splitlines()[-1]) == [{str(n): n * n for n in range(20, 40)}, []]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with videos, a run, crops of two ranges, and a gallery in two ranges."""
    root = tmp_path_factory.mktemp("start")
    workspace = write_people(root)
    train(workspace, config=small("schedule.epochs=1"), device="cpu")
    for number in range(N_VIDEOS):
        tiny.write(root / f"v{number}.avi", tiny.clip(15 + number))
    images = sorted((root / "images").glob("*.jpg"))
    (root / "many").mkdir()
    for number in range(N_CROPS):
        os.link(images[number % len(images)], root / "many" / f"{number:05d}.jpg")
    rng = np.random.default_rng(0)
    n = ROWS + 500
    np.save(root / "gallery.npy", rng.standard_normal((n, 8)).astype(np.float16))
    np.save(root / "query.npy", rng.standard_normal((20, 8)).astype(np.float16))
    for name, size, camid in (("query", 20, 0), ("gallery", n, 1)):
        lines = "".join(f"{name}-{row},{row % 50},{camid},{name}\n" for row in range(size))
        (root / f"{name}.csv").write_text("crop_id,pid,camid,role\n" + lines)
    return root


def copy(start: Path, to: Path, address: str, workers: int = 2) -> Path:
    shutil.copytree(start, to, copy_function=os.link)
    (to / "agreid.toml").unlink(missing_ok=True)
    (to / "agreid.toml").write_text(TOML.format(address=address, workers=workers))
    return to


def begin(root: Path, words: str, engine: str) -> subprocess.Popen[str]:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "AGREID_WORKSPACE": ""}
    command = [sys.executable, "-m", "agreid_cli", *words.split(), "-w", ".", "--engine", engine]
    return subprocess.Popen(
        command, cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def call(root: Path, words: str, engine: str) -> None:
    run = begin(root, words, engine)
    said, _ = run.communicate()
    assert run.returncode == 0, said


EXTRACT = "extract-crops " + " ".join(f"v{n}.avi" for n in range(N_VIDEOS)) + " --platform cctv"
REST = (
    "embed --run campus --crops many --out e.parquet --device cpu",
    "evaluate --embeddings query.npy gallery.npy query.csv gallery.csv --direction all --out results",
)


@pytest.fixture(scope="module")
def here(start: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What this machine alone writes."""
    root = copy(start, tmp_path_factory.mktemp("local") / "w", "")
    for words in (EXTRACT, *REST):
        call(root, words, "local")
    return made(root)


def made(root: Path) -> dict[str, bytes]:
    kept = ("crops/", "results/", "e.parquet")
    return {name: data for name, data in tiny.tree(root).items() if name.startswith(kept)}


def test_two_nodes_give_the_bytes_of_one_machine_and_a_lost_node_loses_nothing(
    start: Path, tmp_path: Path, here: dict[str, bytes], cluster: TwoNodes
) -> None:
    root = copy(start, tmp_path / "w", cluster.complete())
    for words in (EXTRACT, *REST):
        call(root, words, "ray")
    assert made(root) == here

    lost = copy(start, tmp_path / "lost", cluster.complete())
    run = begin(lost, EXTRACT, "ray")
    while not list((lost / "crops").rglob("*.parquet")):  # until a video is finished
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.05)
    cluster.lose()
    said, _ = run.communicate()
    assert run.returncode == 0, said
    assert "its worker died; the unit is retried" in said
    assert {n: d for n, d in made(lost).items() if n.startswith("crops/")} == {
        n: d for n, d in here.items() if n.startswith("crops/")
    }
