"""`compare`: one table of systems × data sets × directions; paired tests; systems that are not comparable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import MissingError, UsageError
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.compare import compare
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.train import train
from tests.support.embedded import drawn, workspace_with, write_embeddings
from tests.support.people_on_disk import write_people
from tests.training.trained import small

CONFIG = EvaluateConfig(rounds=200)
HOW: dict[str, Any] = {"n_pids": 30, "crops_per_pid": (2, 4), "paired": 1.0}


@pytest.fixture
def two(tmp_path: Path) -> Workspace:
    """Embeddings of the same crops with little noise and with much."""
    workspace, _ = workspace_with(tmp_path / "campus", **HOW)
    for name, noise in (("sharp", 0.3), ("blurred", 2.0)):
        write_embeddings(drawn(noise=noise, **HOW), workspace.runs / name / "embeddings.parquet")
    return workspace


def test_scores_are_those_of_evaluate_and_the_difference_is_tested(two: Workspace) -> None:
    done = compare(two, systems=["blurred", "sharp"], config=CONFIG)
    assert [(row.system, row.result.direction) for row in done.rows] == [
        ("blurred", "a2g"), ("sharp", "a2g"), ("blurred", "g2a"), ("sharp", "g2a"),
    ]  # fmt: skip
    alone = evaluate(two, config=CONFIG, run="sharp")
    assert [row.result.mAP for row in done.rows if row.system == "sharp"] == [r.mAP for r in alone]
    base, better = done.rows[:2]
    assert base.comparison is None
    assert better.comparison is not None
    assert better.comparison.mAP == pytest.approx(better.result.mAP - base.result.mAP)
    assert better.comparison.mAP_interval[0] > 0


def test_all_runs_are_compared_where_none_is_named_and_the_base_can_be_chosen(two: Workspace) -> None:
    done = compare(two, systems=[], config=CONFIG, base="sharp", directions=["a2g"])
    assert {row.system for row in done.rows} == {"sharp", "blurred"}
    gaps = {row.system: row.comparison for row in done.rows}
    assert gaps["sharp"] is None
    assert gaps["blurred"] is not None
    assert gaps["blurred"].mAP < 0


def test_other_crops_are_named_and_not_compared(two: Workspace) -> None:
    few = drawn(noise=0.5, **(HOW | {"n_pids": 20}))
    write_embeddings(few, two.root / "few.parquet")
    config = EvaluateConfig(rounds=50, roles="file")
    done = compare(two, systems=["sharp", str(two.root / "few.parquet")], config=config, directions=["a2g"])
    assert done.rows[1].comparison is None
    assert "other crops" in done.rows[1].why


@pytest.mark.parametrize(
    ("systems", "base", "what", "kind"),
    [
        (["shrap"], None, r"no run and no embedding file 'shrap'.*sharp", MissingError),
        (["sharp", "sharp"], None, "named twice: sharp", UsageError),
        (["sharp"], "blurred", "--base blurred is not among the systems", UsageError),
    ],
)
def test_what_is_refused(two: Workspace, systems: list[str], base: str | None, what: str, kind: Any) -> None:
    with pytest.raises(kind, match=what):
        compare(two, systems=systems, config=CONFIG, base=base)


def test_two_data_sets_in_folders_of_one_name_stay_apart(tmp_path: Path) -> None:
    places = [workspace_with(tmp_path / side / "campus", **HOW)[0] for side in ("a", "b")]
    file = write_embeddings(drawn(noise=0.3, **HOW), tmp_path / "e.parquet")
    how: dict[str, Any] = {"systems": [str(file)], "config": CONFIG, "directions": ["a2g"]}
    done = compare(places[0], data=[place.root for place in places], **how)
    assert [row.data for row in done.rows] == [str(place.root.resolve()) for place in places]
    with pytest.raises(UsageError, match="named twice"):
        compare(places[0], data=[places[0].root] * 2, **how)


def test_a_run_is_embedded_on_another_data_set_once(tmp_path: Path) -> None:
    home, other = write_people(tmp_path / "home"), write_people(tmp_path / "other", seed=5)
    train(home, config=small("schedule.epochs=1"), name="one")
    done = compare(home, systems=["one"], config=CONFIG, data=[home.root, other.root], directions=["a2g"])
    assert [row.data for row in done.rows] == ["home", "other"]
    [made] = other.results.glob("one-*-embeddings.parquet")
    stamp = made.stat().st_mtime_ns
    compare(home, systems=["one"], config=CONFIG, data=[other.root], directions=["a2g"])
    assert made.stat().st_mtime_ns == stamp
    assert Run(home.runs / "one").weights.is_file()


def test_the_command_prints_a_table_json_and_writes_a_page(two: Workspace, tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    words = ["compare", "blurred", "sharp", "-w", str(two.root), "--set", "rounds=50"]
    done = CliRunner().invoke(app, [*words, "--out", str(page)])
    assert done.exit_code == 0, done.output
    assert "blurred (base)" in done.stdout
    assert "*" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert "Tested against blurred" in text
    assert text.count("<tr") == 6
    found = CliRunner().invoke(app, [*words, "--json"])
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [row["system"] for row in rows] == ["blurred", "sharp"] * 2
    assert rows[1]["comparison"]["mAP"] > 0
