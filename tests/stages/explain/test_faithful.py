"""Deletion and insertion on a run, and the upper bound from the truth of a campus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from agreid_cli.attributes.official import official_codebook
from agreid_cli.cli.app import app
from agreid_cli.config.evaluate import EvaluateConfig, ExplainEvaluateConfig
from agreid_cli.records.attribute_search import attributes_path, read_attribute_search
from agreid_cli.records.explanation import explanation_path, read_explanation
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.explain.occluding import covered
from agreid_cli.stages.explain.truth_bound import LOW, truth_maps
from agreid_cli.synth.people.parts import GROUP_PARTS, LEGS, TORSO
from tests.support.streams import copy_of_stream


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A stream whose crops have masks of body parts."""
    workspace = copy_of_stream(tmp_path_factory.mktemp("stream"))
    for path in read_manifest(workspace.manifest)["path"].to_pylist():
        mask = np.full((32, 24), TORSO, np.uint8)
        mask[16:] = LEGS
        file = workspace.truth.crop_parts(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), mask)
    return workspace


def test_places_are_covered_in_order() -> None:
    images = torch.ones(1, 3, 8, 4)
    ranks = torch.tensor([[[2, 0], [1, 3]]])
    deleted = covered(images, ranks, 1, keep=False)
    assert deleted[0, 0].tolist() == [[1, 1, 0, 0]] * 4 + [[1, 1, 1, 1]] * 4
    assert torch.equal(covered(images, ranks, 1, keep=True), 1 - deleted)
    assert covered(images, ranks, 4, keep=False).sum() == 0
    assert covered(images, ranks, 0, keep=True).sum() == 0


def test_curves_gains_and_upper_bound_of_a_run(done: Workspace) -> None:
    settings = ExplainEvaluateConfig(faithfulness=12, faithfulness_steps=4)
    config = EvaluateConfig(explain=settings)
    [found] = evaluate_explain(done, config=config, directions=["a2g"])
    faithful = found.faithfulness
    assert faithful.n_pairs == 12
    one = ["contribution", "attribute", "random", "mean"]
    assert [order.name for order in faithful.orders] == [*one, "grad-cam"]
    names = [order.name for order in faithful.whole]
    assert names == ["contributions", "shares", "random", "mean", "grad-cam"]
    assert [order.name for order in faithful.part] == [*one, "grad-cam-part"]
    assert faithful.whole[2].deletion_curve == faithful.orders[2].deletion_curve
    assert faithful.part[2].deletion_curve != faithful.orders[2].deletion_curve
    width = np.array(faithful.steps) / faithful.n_places
    for order in (*faithful.orders, *faithful.whole, *faithful.part):
        assert (order.deletion_curve[0], order.deletion_curve[-1]) == (1, 0)
        assert (order.insertion_curve[0], order.insertion_curve[-1]) == (0, 1)
        assert order.deletion.value == pytest.approx(np.trapezoid(order.deletion_curve, width))
        assert order.insertion.value == pytest.approx(np.trapezoid(order.insertion_curve, width))
        assert order.deletion.low <= order.deletion.value <= order.deletion.high
    for own, _, random, *_ in (faithful.orders, faithful.whole, faithful.part):
        assert own.deletion_gain is None
        assert random.deletion_gain.value == pytest.approx(random.deletion.value - own.deletion.value)
        assert random.insertion_gain.value == pytest.approx(own.insertion.value - random.insertion.value)
    assert all(-1 <= check.correlation.value <= 1 for check in faithful.sanity)
    assert faithful.sanity[1].correlation.value < 0.9
    assert found.truth.XmAP_e.value > found.scores.XmAP_e.value
    assert found.truth.n_pairs == 256
    path = explanation_path(Run(done.runs / "explain-campus"), "a2g")
    assert read_explanation(path) == found
    tree = json.loads(path.read_text())
    del tree["faithfulness"]["whole"], tree["faithfulness"]["part"]  # as an earlier version wrote it
    path.write_text(json.dumps(tree))
    assert read_explanation(path).faithfulness.orders == faithful.orders
    assert read_explanation(path).faithfulness.part == ()
    [again] = evaluate_explain(done, config=config, directions=["a2g"])
    assert again.faithfulness == faithful
    none = EvaluateConfig(explain=ExplainEvaluateConfig(faithfulness=0))
    [without] = evaluate_explain(done, config=none, directions=["a2g"])
    assert without.faithfulness is None


def test_true_maps_lie_on_the_parts_of_labels_that_the_person_has() -> None:
    book = official_codebook()
    mask = np.zeros((16, 8), np.uint8)
    mask[4:8], mask[8:16] = TORSO, LEGS
    bits = np.zeros(book.n_bits, np.uint8)
    lower, upper = book.bits.index("lowerjeans"), book.starts[book.names.index("upper")]
    bits[lower] = 1
    maps = truth_maps(mask, bits, book, (4, 2))
    np.testing.assert_allclose(maps[lower], [[LOW] * 2] * 2 + [[1.0] * 2] * 2, rtol=1e-6)
    assert (maps[upper] == np.float32(LOW)).all()
    assert set(book.names) <= set(GROUP_PARTS)


def test_search_by_description_is_scored_beside_chance_and_classifiers(
    done: Workspace, tmp_path: Path
) -> None:
    words = ["evaluate", "--attributes", "-w", str(done.root), "--set", "explain.descriptions=10"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    for word in ("classifiers per attribute: mAP %", "chance: Rank-1 %", "all"):
        assert word in shown.stdout
    path = attributes_path(Run(done.runs / "explain-campus"))
    found, before = read_attribute_search(path), path.read_bytes()
    assert found.n_crops == 32
    assert list(found.tables()) == ["all"], "without a calibration it is not known what is recognised"
    lengths = found.tables()["all"]
    assert [row.system for row in lengths[0]] == ["stream", "classifiers", "chance"]
    assert sum(row.n for row in found.rows if row.attributes) == 3 * lengths[0][0].n
    for row in found.rows:
        assert row.mAP.low <= row.mAP.value <= row.mAP.high
    told = CliRunner().invoke(app, [*words, "--json"])
    assert json.loads(told.stdout)["seed"] == 0
    assert path.read_bytes() == before
    mixed = CliRunner().invoke(app, [*words, "--explain"])
    assert mixed.exit_code == 2
    assert "--explain cannot be combined with --attributes" in mixed.stderr
