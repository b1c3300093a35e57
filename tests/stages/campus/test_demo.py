"""The demonstration as a whole: its order, what it records, and how it goes on after a stop.

The stages have tests of their own; most tests here let them only leave a trace. The slow one runs them all.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agreid_cli.config.demo import QUICK, DemoConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.demo import DemoRecord, read_demo
from agreid_cli.records.files import write_text
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus import demo as stage
from agreid_cli.stages.campus.demo import demo
from agreid_cli.stages.campus.demo_merge import Merged

SMALL = DemoConfig(**QUICK)
STEPS = [
    "synth", "extract-crops", "match-truth", "build-split", "crowd", "untrained", "stream-1", "stream-2",
    "evaluate", "explain", "report",
]  # fmt: skip


class Stages:
    """Stand-ins that write what they are asked to make, and keep who was called."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.called: list[str] = []
        self.stop_at = ""
        self.batch: dict[str, int] = {}
        for name in ("synth", "extract_crops", "match_truth", "build_manifest", "build_split", "merge",
                     "train", "evaluate", "evaluate_explain", "explain", "report"):  # fmt: skip
            patch.setattr(stage, name, self.stand_in(name))
        patch.setattr(stage, "asset", lambda name: Path(__file__))

    def stand_in(self, name: str) -> Any:
        def call(*words: Any, **how: Any) -> Any:
            said = (
                f"{name} {how['name']}{' resumed' if how.get('resume') else ''}" if name == "train" else name
            )
            self.called.append(said)
            if said == self.stop_at:
                raise KeyboardInterrupt
            return getattr(self, name, self.nothing)(*words, **how)

        return call

    def nothing(self, *words: Any, **how: Any) -> Any:
        return SimpleNamespace(identities=3, tracks=4, split_tracks=1, junk_tracks=0, total=9)

    def merge(self, film: Any, crowd: Any, into: Workspace) -> Merged:
        write_text(into.manifest, "manifest")
        write_text(into.split, "split")
        return Merged(10, 6, 3, 2, 1, 3)

    def train(self, workspace: Workspace, *, name: str, config: Any, **how: Any) -> None:
        run = Run(workspace.runs / name)
        self.batch[name] = config.data.p
        write_text(run.config, "recipe")
        write_text(run.embeddings, "vectors")

    def evaluate(self, workspace: Workspace, *, run: str, **how: Any) -> list[Any]:
        ci = SimpleNamespace(mAP=(0.4, 0.6), rank1=(0.2, 0.8))
        return [
            SimpleNamespace(direction=d, mAP=0.5, ci=ci, n_valid=7, rank=lambda k: 0.5)
            for d in ("a2g", "g2a")
        ]

    def evaluate_explain(self, workspace: Workspace, **how: Any) -> list[Any]:
        def row(name: str) -> Any:
            return SimpleNamespace(name=name, mAP=0.6, rank1=0.7, ci=None)

        return [SimpleNamespace(direction=d, n_valid=7, row=row) for d in ("a2g", "g2a")]


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Stages:
    return Stages(monkeypatch)


def test_steps_come_in_order_and_their_time_is_recorded(stages: Stages, tmp_path: Path) -> None:
    done = demo(tmp_path / "d", SMALL)
    assert [name for name, _, _ in done.shares] == STEPS
    assert sum(share for _, _, share in done.shares) == pytest.approx(1)
    assert [(row.name, row.direction) for row in done.rows] == [
        (name, direction) for name in ("untrained", "stream-1") for direction in ("a2g", "g2a")
    ] + [(f"stream-2, {name}", direction) for direction in ("a2g", "g2a") for name in ("base", "explainable")]
    tree = json.loads((tmp_path / "d" / "demo.json").read_text())
    assert list(tree["steps"]) == STEPS
    assert all(step["done"] for step in tree["steps"].values())
    assert tree["settings"] == SMALL.model_dump(mode="json")
    assert tree["facts"]["crops"] == "found by the detector"
    assert stages.batch == {"untrained": 3, "stream-1": 3, "stream-2": 2}  # no more than there are


def test_a_stop_is_recorded_and_the_next_call_goes_on(stages: Stages, tmp_path: Path) -> None:
    stages.stop_at = "train stream-1"
    with pytest.raises(KeyboardInterrupt):
        demo(tmp_path, SMALL)
    record = read_demo(tmp_path / "demo.json")
    assert record is not None
    assert [name for name, step in record.steps.items() if not step.done] == ["stream-1"]
    write_text(tmp_path / "runs" / "stream-1" / "config.toml", "begun")
    stages.called.clear()
    stages.stop_at = ""
    demo(tmp_path, SMALL)
    assert "train untrained" not in stages.called
    assert "train stream-1 resumed" in stages.called
    stages.called.clear()
    done = demo(tmp_path, SMALL)
    assert not [call for call in stages.called if call.startswith("train")]
    assert all(
        step.done for step in DemoRecord({}, 1, read_demo(tmp_path / "demo.json").steps).steps.values()
    )  # type: ignore[union-attr]
    assert done.seconds == pytest.approx(sum(seconds for _, seconds, _ in done.shares))


def test_new_data_is_trained_on_anew(stages: Stages, tmp_path: Path) -> None:
    demo(tmp_path, SMALL)
    stages.merge = lambda film, crowd, into: (  # type: ignore[method-assign, assignment]
        write_text(into.manifest, "another"), write_text(into.split, "split"), Merged(10, 6, 3, 2, 1, 3)
    )[2]  # fmt: skip
    stages.called.clear()
    demo(tmp_path, SMALL)
    assert {"train untrained resumed", "train stream-1 resumed"} <= set(
        stages.called
    )  # which refuses, or trains


def test_without_a_detector_the_crops_come_from_the_truth_and_it_is_said(
    stages: Stages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(name: str) -> Path:
        raise FileNotFoundError(name)

    monkeypatch.setattr(stage, "asset", lacking)
    demo(tmp_path, SMALL)
    assert not {"extract_crops", "match_truth"} & set(stages.called)
    assert json.loads((tmp_path / "demo.json").read_text())["facts"]["crops"] == "cut from the truth"
    with pytest.raises(MissingError, match=r"gone\.pt does not exist"):
        demo(tmp_path / "other", SMALL.model_copy(update={"detector": "gone.pt"}))


def test_other_settings_and_other_data_are_refused(stages: Stages, tmp_path: Path) -> None:
    demo(tmp_path / "d", SMALL)
    with pytest.raises(InputError, match="other settings") as caught:
        demo(tmp_path / "d", DemoConfig(**QUICK | {"seed": 5}))
    assert "was 0, now 5" in str(caught.value)
    write_text(tmp_path / "d" / "notes.txt", "mine")
    demo(tmp_path / "d", DemoConfig(**QUICK | {"seed": 5}), overwrite=True)
    assert (tmp_path / "d" / "notes.txt").is_file()
    write_text(tmp_path / "mine" / "thesis.tex", "years")
    with pytest.raises(InputError, match=r"something else than a demonstration: thesis\.tex"):
        demo(tmp_path / "mine", SMALL, overwrite=True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    write_text(tmp_path / "d" / "demo.json", "{}")
    with pytest.raises(InputError, match="not a demo record"):
        demo(tmp_path / "d", SMALL)
