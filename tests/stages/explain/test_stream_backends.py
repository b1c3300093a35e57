"""Streams in ONNX Runtime: torch's figures, the same bytes twice, chosen by the number of crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.explain_pages import SearchConfig
from agreid_cli.errors import UsageError
from agreid_cli.nn.encoder import TORCH
from agreid_cli.records.explanation import explanation_path, read_explanation
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.evaluate_attributes import evaluate_attributes
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.explain.search import search
from agreid_cli.stages.run import backends
from agreid_cli.stages.run.streams import open_stream
from tests.support.streams import copy_of_stream


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_of_stream(tmp_path_factory.mktemp("stream"))


def config(backend: str) -> EvaluateConfig:
    return EvaluateConfig.model_validate(
        {"backend": backend, "explain": {"faithfulness": 4, "memory_mb": 1, "descriptions": 5}}
    )


def test_an_explanation_is_torch_s_with_the_same_bytes_each_time(done: Workspace) -> None:
    """Also where little memory is given, so that crops pass through the network again."""
    made, wrote = {}, []
    for backend in (TORCH, "onnxruntime", "onnxruntime"):
        [made[backend]] = evaluate_explain(done, config=config(backend), directions=["a2g"])
        wrote.append(explanation_path(open_stream(done, None).run, "a2g").read_bytes())
    assert wrote[1] == wrote[2]
    slow, fast = made[TORCH], made["onnxruntime"]
    assert (slow.backend, fast.backend[:12]) == (TORCH, "onnxruntime ")
    for one, other in zip(slow.rows, fast.rows, strict=True):
        assert (one.mAP, one.p) == (pytest.approx(other.mAP, abs=1e-6), other.p)
    assert fast.scores.XmAP_e.value == pytest.approx(slow.scores.XmAP_e.value, abs=1e-3)
    assert pytest.approx(slow.scores.ADRE, rel=1e-3) == fast.scores.ADRE
    tree = explanation_path(open_stream(done, None).run, "a2g")
    tree.write_text(tree.read_text().replace('"backend"', '"of old"'))
    assert read_explanation(tree).backend == TORCH, "files of earlier versions"


def test_attributes_are_searched_with_the_same_answers(done: Workspace, tmp_path: Path) -> None:
    found = {}
    for backend in (TORCH, "onnxruntime"):
        how = SearchConfig(top=5, backend=backend)
        found[backend] = search(done, config=how, attributes="bag=backpack", out=tmp_path / backend)
    slow, fast = found[TORCH], found["onnxruntime"]
    assert [a["crop"] for a in fast.answers] == [a["crop"] for a in slow.answers]
    kept = sorted((open_stream(done, None).run.root / "search").glob("*/base.npy"))
    assert len(kept) == 2, "one cache for each"
    np.testing.assert_allclose(np.load(kept[0]), np.load(kept[1]), rtol=1e-3, atol=1e-4)
    rows = {b: evaluate_attributes(done, config=config(b)).rows for b in (TORCH, "onnxruntime")}
    for one, other in zip(*rows.values(), strict=True):
        assert (one.system, one.mAP.value) == (other.system, pytest.approx(other.mAP.value, abs=0.02))


def test_auto_goes_by_the_number_of_crops_alone(done: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "FEW", 10)
    opened = open_stream(done, None, device="cpu")
    assert opened.stream.backend == TORCH, "single images"
    many = opened.for_many(10)
    assert many.stream.backend.startswith("onnxruntime")
    assert many.for_many(9).stream.backend == TORCH
    assert opened.encoder_for_many(10).backend.startswith("onnxruntime")
    assert open_stream(done, None, backend="torch").for_many(10).stream.backend == TORCH


def test_a_wrong_backend_is_refused_before_anything_is_read(done: Workspace) -> None:
    with pytest.raises(UsageError, match="did you mean 'onnxruntime'"):
        open_stream(done, None, backend="onnxruntim")
