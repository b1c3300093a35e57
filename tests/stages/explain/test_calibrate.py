"""Calibration of a run: stored with it, used by evaluate, explain and search, and refused without people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.explain_pages import ExplainPagesConfig, SearchConfig
from agreid_cli.errors import InputError
from agreid_cli.metrics.explain.expected import ExpectedShares
from agreid_cli.records.attribute_search import attributes_path, read_attribute_search
from agreid_cli.records.calibration import calibration_path, read_calibration
from agreid_cli.records.explanation import explanation_path, read_explanation
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.calibrate import calibration, probabilities
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.explain.explain import explain
from agreid_cli.stages.explain.search import search
from agreid_cli.stages.explain.shares import sharing
from agreid_cli.stages.run.ranked import load_held_out
from agreid_cli.stages.run.streams import known_bits, open_stream
from tests.support.heard import Heard
from tests.support.streams import copy_of_stream, write_stream

EXPECTED = {"explain": {"shares": "expected", "faithfulness": 0}}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Seven of fourteen training people held out."""
    root = tmp_path_factory.mktemp("calibrated")
    return write_stream(root, "explain.held_out=0.5", n_pids=28)


def test_made_once_and_again_for_other_labels_or_weights(done: Workspace) -> None:
    opened, heard = open_stream(done, None), Heard()
    record = calibration(done, opened, progress=heard)
    assert record is not None
    assert (record.n_people, record.n_crops) == (7, 28)
    assert any("7 held-out training identities" in note for note in heard.notes)
    path = calibration_path(opened.run)
    assert read_calibration(path) == record
    before = path.read_bytes()
    path.unlink()
    calibration(done, opened)
    assert path.read_bytes() == before, "the same bytes again"
    for field in ("data", "weights_sha256"):
        tree = json.loads(before) | {field: "other"}
        path.write_text(json.dumps(tree))
        assert calibration(done, opened) == record
    path.write_text(before.decode().replace('"sharpness"', '"sharp"'))
    with pytest.raises(InputError, match="damaged calibration file") as caught:
        calibration(done, opened)
    assert "Delete the file" in caught.value.hint
    path.write_bytes(before)


def test_a_calibration_without_typical_probabilities_or_powers_is_made_again(done: Workspace) -> None:
    """Files of earlier versions lack them."""
    opened = open_stream(done, None)
    record = calibration(done, opened)
    path = calibration_path(opened.run)
    tree = json.loads(path.read_text())
    whole = path.read_bytes()
    for group in tree["groups"]:
        del group["evenness"]
    path.write_text(json.dumps(tree))
    assert (read_calibration(path).evenness == 1).all()
    assert calibration(done, opened) == record
    tree = json.loads(whole)
    for group in tree["groups"]:
        del group["typical"]
    path.write_text(json.dumps(tree))
    assert len(read_calibration(path).typical) == 0
    assert calibration(done, opened) == record
    assert path.read_bytes() == whole
    for fit in record.groups:
        assert sum(fit.typical) == pytest.approx(1)
    tree["groups"][0]["typical"] = [1.0]
    path.write_text(json.dumps(tree))
    with pytest.raises(InputError, match="damaged calibration file"):
        read_calibration(path)
    path.write_bytes(whole)


def test_levels_are_the_mean_shares_of_pairs_of_different_people(done: Workspace) -> None:
    opened = open_stream(done, None)
    record = calibration(done, opened)
    held, crops = load_held_out(done, opened.facts.held_out, opened.config, Heard())
    side = opened.sided(held, crops).side
    said = [opened.stream(crops[row : row + 1], side.of(slice(row, row + 1))) for row in range(len(crops))]
    vectors = np.stack([s.vectors[0].double().numpy() for s in said])
    pid = np.array([k.pid for k in held.known])
    bits = known_bits(done, opened.codebook).of(held.crop_id)
    sure = probabilities(
        record, np.stack([s.attributes[0].sigmoid().numpy() for s in said]), opened.codebook.sizes
    )
    wanted = ExpectedShares(opened.codebook.sizes, v=0.5)
    paper, expected, alike = [], [], []
    for i in range(len(pid)):
        for j in range(len(pid)):
            if pid[i] != pid[j]:
                parts = np.linalg.norm(vectors[i] - vectors[j], axis=1)
                paper.append(parts / parts.sum())
                expected.append(wanted(torch.tensor(sure[i]), torch.tensor(sure[j])).numpy())
                alike.append((bits[i] == bits[j])[:3].all())
    np.testing.assert_allclose(record.paper.mean, np.mean(paper, axis=0), rtol=1e-4)
    np.testing.assert_allclose(record.expected.mean, np.mean(expected, axis=0), rtol=1e-4)
    alike_shares = np.array(paper)[np.array(alike)]
    np.testing.assert_allclose(record.paper.spread[:3], alike_shares[:, :3].std(axis=0), rtol=0.02)


def test_colours_that_say_nothing_of_attributes_give_the_constant_baseline(done: Workspace) -> None:
    """The labels of these people are random, so nothing can be recognised, and shares must fall back."""
    config = EvaluateConfig.model_validate(EXPECTED)
    [found] = evaluate_explain(done, config=config, directions=["a2g"])
    assert found.shares == "expected"
    if all(group.temperature is None for group in found.groups):
        assert found.expected.XmAP_e.value == pytest.approx(found.expected.XmAP_e.constant, abs=1e-9)
    assert found.expected.XmAP_e.value > found.expected.XmAP_e.constant - 0.03
    assert found.expected.ADRE == 0
    assert found.reliability.n_people == 7
    assert found.reliability.error_after < found.reliability.error_before + 0.1
    assert len(found.unknown) >= 10
    run = Run(done.runs / "explain-campus")
    assert read_explanation(explanation_path(run, "a2g")) == found


def test_sentences_and_searches_say_what_is_unknown(done: Workspace, tmp_path: Path) -> None:
    heard = Heard()
    config = ExplainPagesConfig(top=1, bars=4, shares="expected")
    told = explain(done, config=config, out=tmp_path, progress=heard)
    assert len(told.unknown) >= 10
    assert any("unknown to this stream" in note and "age" in note for note in heard.notes)
    assert "unknown to this stream" in told.page.read_text()
    assert sum(a["share"] for a in told.pairs[0]["attributes"]) < 1
    assert told.pairs[0]["gap"] is None, "expected shares are of the whole distance by definition"
    found = search(done, config=SearchConfig(top=2), attributes="age=old", out=tmp_path, progress=heard)
    assert ("ages" in [g.lower() for g in found.unknown]) == any(
        "answers need not agree" in w for w in heard.warnings
    )


def test_a_search_orders_by_weak_logits_what_calibration_ties(done: Workspace) -> None:
    opened = open_stream(done, None)
    shares = sharing(done, opened, "paper", 64, Heard())
    chances = np.random.default_rng(0).random((9, opened.codebook.n_bits)).astype(np.float32)
    lost = [at for at, fit in enumerate(shares.calibration.groups) if fit.sharpness == 0]
    assert lost
    for at in lost:
        start, size = opened.codebook.starts[at], opened.codebook.sizes[at]
        raw = chances[:, start : start + size] / chances[:, start : start + size].sum(axis=1, keepdims=True)
        tied, sorted_out = (given(chances)[:, start] for given in (shares.probabilities, shares.for_ranking))
        assert np.ptp(tied) == 0
        assert np.abs(sorted_out - tied).max() <= 1e-3
        assert sorted_out.argsort().tolist() == raw[:, 0].argsort().tolist()


def test_search_is_also_scored_on_what_is_recognised(done: Workspace) -> None:
    opened = open_stream(done, None)
    calibration(done, opened)
    path = calibration_path(opened.run)
    before, found = path.read_bytes(), {}
    for named in ({"gender", "bag"}, set()):
        tree = json.loads(before)
        for fit in tree["groups"]:
            fit["recognised"] = fit["name"] in named
        path.write_text(json.dumps(tree))
        shown = CliRunner().invoke(app, ["evaluate", "--attributes", "-w", str(done.root)])
        assert ("attributes that the stream recognises only" in " ".join(shown.stdout.split())) == bool(named)
        found[len(named)] = read_attribute_search(attributes_path(opened.run))
    path.write_bytes(before)
    both, none = found[2].tables(), found[0].tables()
    assert (list(both), list(none)) == (["all", "recognised"], ["all"])
    assert both["all"] == none["all"]
    assert list(both["recognised"]) == [0, 1, 2], "no description is of more than the two groups"
    n = {length: rows[0].n for length, rows in both["recognised"].items()}
    assert n[0] == n[1] + n[2]


def test_two_copies_of_one_image(done: Workspace, tmp_path: Path) -> None:
    [crop, *_] = sorted(str(path) for path in (done.root / "images").glob("*.jpg"))
    told = explain(done, config=ExplainPagesConfig(), pair=[crop, crop], out=tmp_path)
    assert told.pairs[0]["sentence"] == "none: the network cannot tell these two images apart"


def test_too_few_people(tmp_path: Path) -> None:
    workspace = copy_of_stream(tmp_path)
    config = EvaluateConfig.model_validate(EXPECTED)
    with pytest.raises(InputError, match="held out 2 training identities; at least 5") as caught:
        evaluate_explain(workspace, config=config)
    assert "explain.held_out" in caught.value.hint
    words = ["explain", "-w", str(tmp_path), "--set", "top=1", "--set", "shares=paper"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    assert "too few training identities were held out" in shown.stderr
    assert not calibration_path(Run(workspace.runs / "explain-campus")).exists()
