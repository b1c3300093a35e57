"""Units on a real Ray: the same results as in this process, deaths of workers, failures, and the probe."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agreid_cli.config.engine import EngineConfig
from agreid_cli.engine.run import run_units
from agreid_cli.engine.units import Failure, Unit
from agreid_cli.errors import AgreidError
from tests.engine.toys import BROKEN, DEADLY, ODD, open_toy

pytestmark = pytest.mark.slow


class Listener:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.done = 0

    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Any:
        yield self

    def advance(self, n: int = 1, **figures: int | float | str) -> None:
        self.done += n
        self.figures = figures

    def note(self, text: str) -> None:
        self.said.append(text)

    warn = note


def run(
    config: EngineConfig,
    folder: Path,
    numbers: list[int],
    listener: Listener | None = None,
    pause_s: float = 0.0,
) -> tuple[dict[str, int], list[Failure]]:
    got: dict[str, int] = {}

    def done(unit: Unit[int], result: int) -> None:
        assert unit.name not in got, "a unit is done once"
        got[unit.name] = result

    failures = run_units(
        [Unit(str(n), n) for n in numbers], partial(open_toy, folder, pause_s), config=config, folder=folder,
        label="toys", noun="toys", done=done, progress=listener or Listener(),
    )  # fmt: skip
    return got, failures


def test_a_cluster_that_does_not_answer_is_named_at_once(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    if ray.is_initialized():
        pytest.skip("this process is in a cluster")
    with pytest.raises(AgreidError, match=r"the cluster at 127\.0\.0\.1:9 cannot be reached"):
        run(EngineConfig(name="ray", address="127.0.0.1:9"), tmp_path, [1])


def test_the_results_are_those_of_this_process_and_each_worker_opens_once(
    ray_engine: EngineConfig, tmp_path: Path
) -> None:
    listener = Listener()
    (tmp_path / "here").mkdir()
    (tmp_path / "ray").mkdir()
    numbers = list(range(12))
    here = run(EngineConfig(), tmp_path / "here", numbers)
    there = run(ray_engine, tmp_path / "ray", numbers, listener, 0.1)
    assert there == here == ({str(n): n * n for n in numbers}, [])
    opened = list((tmp_path / "ray").glob("opened-*"))
    assert 1 <= len(opened) <= 2
    assert all(path.read_text() == "x" for path in opened)
    assert listener.done == 12
    assert sorted(listener.said) == sorted(f"{n} done" for n in numbers)
    assert listener.figures["failed"] == 0
    assert "steps/s" in listener.figures
    assert list((tmp_path / "ray").glob(".agreid-probe*")) == []


def test_a_unit_whose_worker_is_killed_is_worked_on_again(ray_engine: EngineConfig, tmp_path: Path) -> None:
    got, failures = run(ray_engine, tmp_path, [1, 1000, 2, 1001, 3])
    assert got == {str(n): n * n for n in (1, 1000, 2, 1001, 3)}
    assert failures == []
    assert len(list(tmp_path.glob("begun-1000-*"))) == 2
    assert len(list(tmp_path.glob("begun-3-*"))) == 1


def test_a_worker_with_large_inputs_is_started_again(ray_engine: EngineConfig, tmp_path: Path) -> None:
    """Ray keeps large arguments in its object store, from which a restarted worker must get them again."""
    got: dict[str, int] = {}
    one = ray_engine.model_copy(update={"workers": 1})
    failures = run_units(
        [Unit(str(n), n) for n in (1000, 1, 1001, 2)],
        partial(open_toy, tmp_path, 0.0, bytes(4 << 20)), config=one, folder=tmp_path, label="toys",
        noun="toys", done=lambda unit, result: got.update({unit.name: result}), progress=Listener(),
    )  # fmt: skip
    assert failures == []
    assert got == {str(n): n * n for n in (1000, 1, 1001, 2)}
    assert len(list(tmp_path.glob("opened-*"))) == 3


def test_failures_are_kept_apart_and_the_others_are_done(ray_engine: EngineConfig, tmp_path: Path) -> None:
    config = ray_engine.model_copy(update={"retries": 1})
    got, failures = run(config, tmp_path, [1, ODD, 2, BROKEN, DEADLY, 3])
    assert got == {"1": 1, "2": 4, "3": 9}
    said = {failure.name: failure.error for failure in failures}
    assert set(said) == {str(ODD), str(BROKEN), str(DEADLY)}
    assert said[str(ODD)].message == "13 is unlucky"
    assert said[str(ODD)].hint == "Take another number."
    assert "ZeroDivisionError" in said[str(BROKEN)].message
    assert "died 2 times" in said[str(DEADLY)].message


def test_a_folder_that_the_workers_do_not_see_is_named(
    ray_engine: EngineConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agreid_cli.engine import on_ray

    class Elsewhere(on_ray.Setting):
        """As if the folder were mounted at another place on the worker's node."""

        def __reduce__(self) -> Any:
            return on_ray.Setting, (
                tmp_path / "not-mounted",
                self.probe,
                self.version,
                self.started_in,
                self.threads,
            )

    monkeypatch.setattr(on_ray, "Setting", Elsewhere)
    with pytest.raises(AgreidError, match="does not see") as caught:
        run(ray_engine, tmp_path, [1, 2])
    assert "not-mounted" in caught.value.message
    assert "file system" in caught.value.hint


def test_a_cluster_that_is_too_small_is_named(ray_engine: EngineConfig, tmp_path: Path) -> None:
    config = ray_engine.model_copy(update={"cpus": 500.0})
    with pytest.raises(AgreidError, match="one worker needs 500"):
        run(config, tmp_path, [1])


def test_twenty_kills_at_random_moments_lose_nothing_and_do_nothing_twice(
    ray_engine: EngineConfig, tmp_path: Path
) -> None:
    """`run` asserts that no result arrives twice; `deadly-*` are the workers that were killed."""
    config = ray_engine.model_copy(update={"retries": 40})
    numbers = [number for n in range(20) for number in (n, 1000 + n) if number not in (ODD, BROKEN)]
    got, failures = run(config, tmp_path, numbers, pause_s=0.05)
    assert failures == []
    assert got == {str(n): n * n for n in numbers}
    assert len(list(tmp_path.glob("deadly-*"))) == 20
