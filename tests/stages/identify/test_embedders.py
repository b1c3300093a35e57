"""Vectors of a video are kept, and made again when anything that they depend on has changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from agreid_cli.errors import InputError
from agreid_cli.nn import shipped
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.identify.embedders import CropEmbedder, Features, embed_video, find_embedder
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
    found = find_embedder(Workspace(tmp_path), None, device="cpu", batch=8, progress=heard)
    assert any("by the network that ships with agreid" in note for note in heard.notes)
    named = find_embedder(Workspace(tmp_path), shipped.NAME, device="cpu", batch=8)
    assert (found.name, found.digest) == (named.name, named.digest)
    assert found.name == "shipped"
