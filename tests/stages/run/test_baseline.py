"""The colour baseline: the strongest of four is ranked and reported, without a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.report import ReportConfig
from agreid_cli.errors import UsageError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.report.systems import systems_of
from agreid_cli.stages.run.evaluate import evaluate
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return write_people(tmp_path_factory.mktemp("people"))


def test_the_strongest_of_four_is_ranked(workspace: Workspace) -> None:
    heard = Heard()
    results = evaluate(workspace, config=EvaluateConfig(), baseline="colour", progress=heard)
    assert [result.direction for result in results] == ["a2g", "g2a"]
    tried = [note for note in heard.notes if ": mAP a2g" in note]
    assert len(tried) == 4
    [said] = [note for note in heard.notes if note.startswith("the strongest is ranked: ")]
    shown = f"a2g {results[0].mAP:.1%}, g2a {results[1].mAP:.1%}"
    assert f"{said.removeprefix('the strongest is ranked: ')}: mAP {shown}" in tried

    def mean(note: str) -> float:
        return sum(float(word.strip("%,")) for word in note.split() if word.rstrip(",").endswith("%"))

    assert mean(shown) == max(map(mean, tried))


def test_the_command_writes_a_result_that_the_report_shows(workspace: Workspace) -> None:
    words = ["evaluate", "--baseline", "colour", "--direction", "a2g", "--json"]
    said = CliRunner().invoke(app, [*words, "--workspace", str(workspace.root)])
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["mAP"] > 0
    assert (workspace.results / "colour-histogram-a2g.json").is_file()
    assert not workspace.runs.exists()
    systems, _ = systems_of(workspace, runs=(), config=ReportConfig())
    assert [system.name for system in systems] == ["colour-histogram"]


def test_what_does_not_go_together_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'colour'"):
        evaluate(workspace, config=EvaluateConfig(), baseline="color")
    with pytest.raises(UsageError, match="ranked alone"):
        evaluate(workspace, config=EvaluateConfig(), baseline="colour", run="x")
