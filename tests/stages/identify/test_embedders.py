"""Vectors of a video are kept, and made again when anything that they depend on has changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from agreid_cli.errors import InputError
from agreid_cli.nn import shipped
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.identify.embedders import CropEmbedder, Features, embed_video, find_embedder
from agreid_cli.stages.run.backends import FEW
from tests.support.heard import Heard


def test_the_cache_is_used_only_for_the_same_crops_cameras_and_weights(tmp_path: Path) -> None:
    calls: list[list[int]] = []

    def work(paths: Sequence[Path], camid: Sequence[int], platform: Sequence[str]) -> Features:
        calls.append(list(camid))
        return np.array([[c, len(p)] for c, p in zip(camid, platform, strict=True)], np.float32)

    paths = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    for path in paths:
        path.write_bytes(b"x")
    workspace = Workspace(tmp_path / "ws")

    def vectors(digest: str, camid: list[int], platform: list[str]) -> list[list[float]]:
        found = embed_video(workspace, CropEmbedder("n", digest, work), "v", paths, camid, platform)
        rows: list[list[float]] = found.tolist()
        return rows

    first = vectors("w1", [0, 0], ["uav", "uav"])
    assert vectors("w1", [0, 0], ["uav", "uav"]) == first
    assert len(calls) == 1
    assert vectors("w1", [3, 0], ["uav", "uav"]) == [[3, 3], [0, 3]]
    assert vectors("w1", [3, 0], ["cctv", "uav"]) == [[3, 4], [0, 3]]
    vectors("w2", [0, 0], ["uav", "uav"])
    os.utime(paths[0], ns=(1, 1))
    vectors("w1", [0, 0], ["uav", "uav"])
    assert len(calls) == 5
    paths[1].unlink()
    with pytest.raises(InputError, match=r"b\.jpg cannot be read"):
        vectors("w1", [0, 0], ["uav", "uav"])


def test_without_a_run_the_shipped_network_compares_the_tracks(tmp_path: Path) -> None:
    heard = Heard()
    found = find_embedder(Workspace(tmp_path), None, device="cpu", batch=8, crops=1, progress=heard)
    assert any("by the network that ships with agreid" in note for note in heard.notes)
    named = find_embedder(Workspace(tmp_path), shipped.NAME, device="cpu", batch=8, crops=1)
    assert (found.name, found.digest) == (named.name, named.digest)
    assert found.name == "shipped"


def test_many_crops_of_all_videos_are_embedded_in_onnx_runtime(tmp_path: Path) -> None:
    """The digest says so, because the vectors differ by rounding."""
    workspace = Workspace(tmp_path)
    files = [tmp_path / f"{n}.png" for n in range(3)]
    for n, path in enumerate(files):
        cv2.imwrite(str(path), np.random.default_rng(n).integers(0, 256, (90, 40, 3), np.uint8))
    few, many = (
        find_embedder(workspace, shipped.NAME, device="cpu", batch=8, crops=n) for n in (FEW - 1, FEW)
    )
    assert many.digest.startswith(f"{few.digest} onnxruntime 1.")
    vectors = [one.embed(files, [0, 0, 0], ["uav"] * 3) for one in (few, many)]
    np.testing.assert_allclose(vectors[0], vectors[1], rtol=1e-3, atol=1e-4)
    assert (vectors[0] != vectors[1]).any()
