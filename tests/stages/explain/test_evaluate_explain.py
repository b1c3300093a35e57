"""`evaluate --explain` against a slow reading of every pair, and what it says when there is nothing to
explain.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.evaluate import EvaluateConfig, ExplainEvaluateConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.metrics.explain.explanation import pair_scores
from agreid_cli.metrics.explain.reweight import amd_xor, expected_xor
from agreid_cli.records.explanation import ROWS, explanation_path, read_explanation
from agreid_cli.records.manifest import manifest_artefact, read_manifest
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.streams import known_bits, open_stream
from agreid_cli.training.pairs import Pairs
from tests.support.embedded import slow_score
from tests.support.heard import Heard
from tests.support.streams import copy_of_stream
from tests.support.tables import GROUP_SIZES

SMALL = EvaluateConfig(ci=True, rounds=20, explain=ExplainEvaluateConfig(faithfulness=0))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_of_stream(tmp_path_factory.mktemp("stream"))


def slow(workspace: Workspace) -> dict[str, Any]:
    """a2g, one pair after another, in double precision from the vectors on."""
    opened = open_stream(workspace, None)
    testing, crops = load_testing(workspace, opened.config, Heard())
    query, gallery = testing.lists["a2g"]
    place = {crop: row for row, crop in enumerate(testing.crop_id)}
    side = opened.sided(testing, crops).side
    said = [opened.stream(crops[row : row + 1], side.of(slice(row, row + 1))) for row in range(len(crops))]
    vectors = [s.vectors[0].double().numpy() for s in said]
    base = [s.base[0].double().numpy() for s in said]
    chances = [s.attributes[0].sigmoid().numpy() for s in said]
    known = known_bits(workspace, opened.codebook)
    bits = known.of(testing.crop_id)
    found: dict[str, Any] = {
        name: np.zeros((len(query), len(gallery))) for name in ("d", "part", "b", "oracle")
    }
    shares, exclusive = [], []
    for i, q in enumerate(place[crop] for crop in query):
        for j, g in enumerate(place[crop] for crop in gallery):
            parts = np.linalg.norm(vectors[q] - vectors[g], axis=1)
            s = parts / parts.sum()
            found["d"][i, j] = np.linalg.norm(base[q] - base[g])
            found["part"][i, j] = parts.mean()
            found["b"][i, j] = (s * expected_xor(chances[q], chances[g])).sum()
            there = (chances[g] > 1 / (1 + np.exp(-0.5))).astype(np.uint8)
            found["oracle"][i, j] = (s * amd_xor(bits[q], there)).sum()
            shares.append(s)
            exclusive.append(bits[q] != bits[g])
    found["scores"] = np.nanmean(pair_scores(np.array(shares), np.array(exclusive)), axis=0)
    found["adre"] = (np.abs(found["d"] - found["part"]) / found["d"]).mean()
    pids = [[testing.known[place[crop]].pid for crop in side] for side in (query, gallery)]
    found["pids"] = tuple(map(np.array, pids))
    return found


def scored(distances: np.ndarray, pids: tuple[np.ndarray, np.ndarray]) -> float:
    """mAP of a matrix, by the slow way: each query is a point at 0 and its gallery lies at the distances."""
    got = [
        slow_score(np.zeros((1, 1)), row[:, None], ([pid], pids[1]), ([0], [1] * len(row)))
        for row, pid in zip(distances, pids[0], strict=True)
    ]
    valid = [mAP for mAP, *_, n in got if n]
    return float(np.mean(valid))


def test_every_figure_equals_a_slow_reading_of_every_pair(done: Workspace) -> None:
    wanted = slow(done)
    [found] = evaluate_explain(done, config=SMALL, directions=["a2g"], oracle=True)
    pids = wanted["pids"]
    assert [row.name for row in found.rows] == list(ROWS)
    assert found.row("base").mAP == pytest.approx(scored(wanted["d"], pids), abs=1e-6)
    assert found.row("interpreter").mAP == pytest.approx(scored(wanted["part"], pids), abs=0.01)
    for name, b in (("explainable", "b"), ("oracle", "oracle")):
        row = found.row(name)
        assert row.mAP == pytest.approx(scored((1 + row.p * wanted[b]) * wanted["d"], pids), abs=0.01)
    means = found.scores
    values = [means.P_e.value, means.P_c.value, means.XmAP_e.value, means.XmAP_c.value]
    assert values == pytest.approx(wanted["scores"].tolist(), abs=0.01)
    assert abs(means.ADRE - wanted["adre"]) < 1e-3 * wanted["adre"]
    assert means.n_pairs == wanted["d"].size


def test_base_rows_are_what_evaluate_says(done: Workspace) -> None:
    results = evaluate_explain(done, config=SMALL)
    assert [result.direction for result in results] == ["a2g", "g2a"]
    for name, metric in (("base-cosine", "cosine"), ("base", "euclidean")):
        for result in results:
            config = EvaluateConfig.model_validate({"metric": metric, "ci": True, "rounds": 20})
            [plain] = evaluate(done, config=config, run="explain-campus", directions=[result.direction])
            row = result.row(name)
            assert (row.mAP, row.rank1, row.mINP, row.ci) == (plain.mAP, plain.rank(1), plain.mINP, plain.ci)
            assert result.fingerprint == plain.fingerprint
    assert results[0].row("oracle") is None
    for result in results:
        assert [row.over_base is None for row in result.rows] == [True, True, False, False]
        for row in result.rows[2:]:
            gain, base = row.over_base, result.row("base")
            assert (gain.other, gain.mAP) == ("base", pytest.approx(row.mAP - base.mAP))
            assert gain.rank1 == pytest.approx(row.rank1 - base.rank1)
            assert gain.mAP_interval[0] <= gain.mAP <= gain.mAP_interval[1]
    run = Run(done.runs / "explain-campus")
    assert read_explanation(explanation_path(run, "g2a")) == results[1]


def test_blocks_change_nothing_and_fewer_pairs_are_said(done: Workspace) -> None:
    [whole] = evaluate_explain(done, config=SMALL, directions=["g2a"])
    tiny = SMALL.model_copy(update={"explain": ExplainEvaluateConfig(memory_mb=1, batch=3, faithfulness=0)})
    [parts] = evaluate_explain(done, config=tiny, directions=["g2a"])
    assert [(r.name, r.p) for r in parts.rows] == [(r.name, r.p) for r in whole.rows]
    assert parts.scores.XmAP_e.value == pytest.approx(whole.scores.XmAP_e.value, abs=1e-3)
    opened = open_stream(done, None, batch=2)
    crops = opened.sided(*load_testing(done, opened.config, Heard()))
    query, gallery = np.arange(9), np.arange(9, 20)
    one_pass, passes = Pairs.of(9, 11, 1), Pairs.of(9, 11, 1)
    for pairs, memory in ((one_pass, 1 << 30), (passes, 4 * 128 * 88 * 4)):  # all nine queries, or four
        opened.stream.compare(
            crops, query, gallery, lambda b, p=pairs: p.put(b, [b.shares[..., 0]]), memory_bytes=memory
        )
    np.testing.assert_allclose(passes.d, one_pass.d, rtol=1e-4)
    np.testing.assert_allclose(passes.b[0], one_pass.b[0], rtol=1e-3)
    assert (one_pass.d > 0).all()
    few = SMALL.model_copy(update={"explain": ExplainEvaluateConfig(pairs=50, faithfulness=0)})
    [some] = evaluate_explain(done, config=few, directions=["g2a"])
    assert 30 <= some.scores.n_pairs <= 50
    assert whole.scores.n_pairs == 256


def test_p_is_chosen_on_held_out_people_and_recognition_on_the_test(done: Workspace) -> None:
    [found] = evaluate_explain(done, config=SMALL, directions=["a2g"])
    assert found.p_chosen_on.startswith("2 held-out training identities, 4 queries")
    assert found.row("explainable").p is not None
    assert len(found.groups) == 15
    assert len(found.bits) == 88
    assert sum(group.share for group in found.groups) == pytest.approx(1, abs=1e-4)
    assert sum(bit.share for bit in found.bits) == pytest.approx(1, abs=1e-4)
    assert {bit.positive + bit.negative for bit in found.bits} == {32}
    assert all(bit.mA is None for bit in found.bits if not bit.positive)
    gender = found.groups[0]
    assert 0 <= gender.accuracy <= 1
    assert gender.majority == max(bit.positive for bit in found.bits[:3]) / 32


def test_on_the_screen_and_as_json(done: Workspace) -> None:
    words = ["evaluate", "--explain", "-d", "a2g", "-w", str(done.root), "--set", "rounds=20",
             "--set", "explain.faithfulness=4"]  # fmt: skip
    shown = CliRunner().invoke(app, [*words, "--ci"])
    assert shown.exit_code == 0, shown.output
    for word in (
        "+ Explainable",
        "explainable stream only",
        "X-mAP_e",
        "chance %",
        "Lower Body Clothing",
        "p chosen on: ",
        "Grad-CAM",
        "after shuffling the weights",
    ):
        assert word in shown.stdout
    assert "oracle" not in shown.stdout
    told = CliRunner().invoke(app, [*words, "--oracle", "--json"])
    value = json.loads(told.stdout)
    assert [row["name"] for row in value["rows"]] == list(ROWS)
    assert "upper bound, not a result" in value["rows"][-1]["says"]
    mixed = CliRunner().invoke(app, [*words, "--rerank", "20,6,0.3"])
    assert mixed.exit_code == 2
    assert "--rerank cannot be combined with --explain" in mixed.stderr


def test_a_test_part_without_attributes_is_refused_at_once(done: Workspace, tmp_path: Path) -> None:
    workspace = copy_of_stream(tmp_path)
    table = read_manifest(workspace.manifest)
    tested = [pid > 8 for pid in table["pid"].to_pylist()]
    for name in ("attr_bits", "attr_known"):
        column = pa.array(
            [None if t else v for t, v in zip(tested, table[name].to_pylist(), strict=True)],
            table.schema.field(name).type,
        )
        table = table.set_column(table.column_names.index(name), name, column)
    manifest_artefact(GROUP_SIZES).write(table, workspace.manifest)
    with pytest.raises(InputError, match="the test has none") as caught:
        evaluate_explain(workspace, config=SMALL, directions=["a2g"])
    assert "a2g: no query crop has attributes" in str(caught.value)


def test_runs_that_explain_nothing(done: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an explainable stream") as caught:
        evaluate_explain(done, config=SMALL, run="campus")
    assert "agreid train --recipe explain-" in caught.value.hint
    with pytest.raises(MissingError, match="no explainable stream"):
        evaluate_explain(Workspace(tmp_path), config=SMALL)
