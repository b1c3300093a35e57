"""The demo with its real stages: order, record, and continuing after a stop.

Here the crops are cut from the campus's truth and there is no crowd, which is what takes the time. The slow
tests of `agreid demo` (tests/cli) film the videos and run the detector too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest
import torch

from agreid_cli.config.demo import QUICK, DemoConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.progress import Task
from agreid_cli.records.crops import CROPS
from agreid_cli.records.demo import read_demo
from agreid_cli.records.files import write_text
from agreid_cli.stages.campus import demo as stage
from agreid_cli.stages.campus import synth_units
from agreid_cli.stages.campus.demo import DemoResult, demo
from tests.support.heard import Heard

SMALL = DemoConfig(**QUICK | {"crowd": 0, "size": 0.15})
STEPS = [
    "synth", "extract-crops", "match-truth", "build-split", "crowd", "untrained", "stream-1", "stream-2",
    "evaluate", "explain", "report",
]  # fmt: skip


@dataclass
class Stopping(Heard):
    """Presses Ctrl-C when a step begins, or within it when a task begins whose label starts with `label`."""

    step: int = 0
    label: str = ""

    def note(self, text: str) -> None:
        super().note(text)
        if not self.label and text.startswith(f"[{self.step}/"):
            raise KeyboardInterrupt

    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Iterator[Task]:
        begun = any(note.startswith(f"[{self.step}/") for note in self.notes)
        if self.label and begun and label.startswith(self.label):
            raise KeyboardInterrupt
        with super().task(label, total, unit) as task:
            yield task


def test_most_of_those_filmed_are_tested_if_there_is_a_crowd_to_train_on() -> None:
    assert DemoConfig().split_fraction == 0.2
    assert DemoConfig(crowd=0).split_fraction == 0.5
    assert DemoConfig(crowd=0, train_fraction=0.3).split_fraction == 0.3


@pytest.fixture(autouse=True, scope="module")
def _small_machine() -> Iterator[None]:
    """No detector, one core: as where the package was built without its weights."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "asset", _lacking)
        patch.setattr(synth_units, "usable_cores", lambda: 1)
        yield
    torch.set_num_threads(before)


def _lacking(name: str) -> Path:
    raise FileNotFoundError(name)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoResult, Heard]:
    """A demonstration, stopped while Stream 1 trained, then finished: folder, result, what was said."""
    folder = tmp_path_factory.mktemp("demo") / "d"
    with pytest.raises(KeyboardInterrupt):
        demo(folder, SMALL, device="cpu", progress=Stopping(step=7, label="training"))
    record = read_demo(folder / "demo.json")
    assert record is not None
    assert [name for name, step in record.steps.items() if not step.done] == ["stream-1"]
    heard = Heard()
    return folder, demo(folder, SMALL, device="cpu", progress=heard), heard


def test_steps_come_in_order_and_their_time_is_recorded(stopped: tuple[Path, DemoResult, Heard]) -> None:
    folder, done, heard = stopped
    assert "untrained is already trained" in heard.notes
    assert [name for name, _, _ in done.shares] == STEPS
    assert sum(share for _, _, share in done.shares) == pytest.approx(1)
    assert done.seconds == pytest.approx(sum(seconds for _, seconds, _ in done.shares))
    assert [(row.name, row.direction) for row in done.rows] == [
        (name, direction)
        for name in ("colour histogram", "untrained", "shipped", "stream-1")
        for direction in ("a2g", "g2a")
    ] + [(f"stream-2, {name}", direction) for direction in ("a2g", "g2a") for name in ("base", "explainable")]
    tree = json.loads((folder / "demo.json").read_text())
    assert list(tree["steps"]) == STEPS
    assert all(step["done"] for step in tree["steps"].values())
    assert tree["settings"] == SMALL.model_dump(mode="json")
    assert tree["facts"]["crops"] == "cut from the truth"
    picture = cv2.imread(str(folder / "preview.jpg"))
    assert picture.shape[0] == 540
    assert picture.std() > 10, "both views show something"
    assert any(str(folder / "preview.jpg") in note for note in heard.notes)
    assert len(heard.warnings) == len(set(heard.warnings)), "each warning is given once"
    assert "stream-2" in done.report.read_text()
    assert len(list((folder / "runs" / "stream-2" / "explain").glob("*.html"))) == 2


def test_new_data_is_trained_on_anew(stopped: tuple[Path, DemoResult, Heard], tmp_path: Path) -> None:
    shutil.copytree(stopped[0], tmp_path / "d")
    crops = tmp_path / "d" / "film" / "crops" / "crops.parquet"
    CROPS.write(CROPS.read(crops).slice(1), crops)
    heard = Stopping(step=7)
    with pytest.raises(KeyboardInterrupt):
        demo(tmp_path / "d", SMALL, device="cpu", progress=heard)
    assert any(note.startswith("untrained starts again: ") for note in heard.notes), heard.notes


def test_other_settings_and_other_data_are_refused(
    stopped: tuple[Path, DemoResult, Heard], tmp_path: Path
) -> None:
    folder, other = tmp_path / "d", SMALL.model_copy(update={"seed": 5})
    folder.mkdir()
    shutil.copy(stopped[0] / "demo.json", folder)
    with pytest.raises(InputError, match="other settings") as caught:
        demo(folder, other)
    assert "was 0, now 5" in str(caught.value)
    write_text(folder / "notes.txt", "mine")
    with pytest.raises(KeyboardInterrupt):
        demo(folder, other, overwrite=True, progress=Stopping(step=1))
    assert (folder / "notes.txt").is_file()
    write_text(tmp_path / "mine" / "thesis.tex", "years")
    with pytest.raises(InputError, match=r"thesis\.tex"):
        demo(tmp_path / "mine", SMALL, overwrite=True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    write_text(folder / "demo.json", "{}")
    with pytest.raises(InputError, match=r"demo\.json is not"):
        demo(folder, SMALL)
    with pytest.raises(MissingError, match=r"gone\.pt does not exist"):
        demo(tmp_path / "other", SMALL.model_copy(update={"detector": "gone.pt"}))
