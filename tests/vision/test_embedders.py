"""Embedders: colour histograms, re-ID weight files, and reuse from frame to frame."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.errors import InputError, MissingError
from agreid_cli.vision.embedders.colour import ColourEmbedder
from agreid_cli.vision.embedders.reid import MEAN, STD, ReidEmbedder
from agreid_cli.vision.embedders.reuse import Reusing
from tests.support import tiny
from tests.support.weights import trap, untrained_reid

EMBED = ColourEmbedder()


def scene(frame: int, n: int = 3) -> tuple[np.ndarray, np.ndarray]:
    image = tiny.draw(tiny.walkers(n), frame)
    return tiny.find(image).boxes, image


def test_a_person_is_near_to_itself_later_and_far_from_the_others() -> None:
    """Near and far by the distance that the tracker takes from the embedder."""
    first, later = (EMBED(*scene(frame)) for frame in (0, 30))
    distance = 1 - first @ later.T
    assert distance.diagonal().max() < EMBED.same_person / 2
    assert distance[~np.eye(3, dtype=bool)].min() > EMBED.same_person


@given(st.lists(st.tuples(*[st.integers(-20, 210)] * 4), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_every_box_gives_a_row_of_unit_length(boxes: list[tuple[int, ...]], seed: int) -> None:
    """Boxes at the border, of one pixel and of flat colour included."""
    frame = np.random.default_rng(seed).integers(0, 256, (144, 192, 3), dtype=np.uint8)
    frame[:40] = 0
    x1, y1, x2, y2 = np.array(boxes, np.float32).T
    sound = np.stack([np.minimum(x1, x2), np.minimum(y1, y2), np.maximum(x1, x2), np.maximum(y1, y2)], 1)
    rows = EMBED(sound, frame)
    assert rows.shape == (len(boxes), EMBED.width)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert (rows >= 0).all()


def test_rows_do_not_depend_on_the_company() -> None:
    boxes, frame = scene(5)
    together = EMBED(boxes, frame)
    alone = np.concatenate([EMBED(boxes[i : i + 1], frame) for i in range(3)])
    assert (together == alone).all()
    assert EMBED(np.zeros((0, 4), np.float32), frame).shape == (0, EMBED.width)


@pytest.mark.parametrize("whole", [True, False])
def test_a_reid_file_gives_what_its_network_gives(whole: bool, tmp_path: Path) -> None:
    """Fused and frozen against the plain network, layer by layer, one person at a time."""
    from boxmot.reid.core.registry import ReIDModelRegistry

    weights = untrained_reid(tmp_path / "osnet_x0_25_mine.pt", whole=whole)
    boxes, frame = scene(5)
    rows = ReidEmbedder(weights)(boxes, frame)
    torch.manual_seed(0)
    plain = ReIDModelRegistry.build_model(
        "osnet_x0_25", None, num_classes=7, pretrained=False, use_gpu=False
    ).eval()
    for row, box in zip(rows, boxes, strict=True):
        x1, y1, x2, y2 = np.round(box).astype(int)
        person = cv2.resize(frame[y1:y2, x1:x2], (128, 256))[..., ::-1] / 255.0
        pixels = torch.from_numpy(((person - MEAN) / STD).transpose(2, 0, 1)[None]).float()
        with torch.inference_mode():
            truth = torch.nn.functional.normalize(plain(pixels))[0].numpy()
        assert row @ truth > 0.9999
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)


def test_reid_of_nobody_is_nothing(tmp_path: Path) -> None:
    embed = ReidEmbedder(untrained_reid(tmp_path / "osnet_x0_25_mine.pt"))
    assert len(embed(np.zeros((0, 4), np.float32), tiny.ground())) == 0


def test_loading_a_reid_file_leaves_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boxmot hides every GPU of the process when it loads weights itself."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    before, threads = dict(os.environ), torch.get_num_threads()
    ReidEmbedder(untrained_reid(tmp_path / "osnet_x0_25_mine.pt"))
    assert dict(os.environ) == before
    assert torch.get_num_threads() == threads


def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    with pytest.raises(InputError, match="is not a plain weight file and was not loaded"):
        ReidEmbedder(trap(tmp_path / "osnet_x0_25_trap.pt", proof))
    assert not proof.exists()


def test_a_missing_file_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"osnet_x0_25_msmt17\.pt do not exist"):
        ReidEmbedder(tmp_path / "osnet_x0_25_msmt17.pt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("mine.pt", untrained_reid, "does not name its network"),
        ("osnet_x1_0_mine.pt", untrained_reid, "does not fit its network"),
        ("osnet_x0_25_text.pt", lambda p: p.write_text("hello"), "is not a plain weight file"),
        ("osnet_x0_25_empty.pt", lambda p: torch.save({}, p), "contains no weights"),
        ("osnet_x0_25_list.pt", lambda p: torch.save([1, 2], p), "contains no weights"),
    ],
)
def test_what_is_no_reid_file_is_said(name: str, make: object, said: str, tmp_path: Path) -> None:
    make(tmp_path / name)  # type: ignore[operator]
    with pytest.raises(InputError, match=said) as caught:
        ReidEmbedder(tmp_path / name)
    assert name in caught.value.message


class Counting:
    same_person = 0.2

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, boxes: np.ndarray, frame: np.ndarray) -> np.ndarray:
        self.rows += len(boxes)
        return EMBED(boxes, frame)


def test_reuse_spares_work_for_people_who_stand_alone_and_never_reuses_for_long() -> None:
    inner = Counting()
    embed = Reusing(inner, 2)
    assert embed.same_person == 0.2
    for frame in range(9):
        rows = embed(*scene(frame))
        truth = EMBED(*scene(frame))
        assert (rows * truth).sum(1).min() > 0.9
    assert inner.rows == 9  # three people, in every third frame


def test_reuse_stands_frames_without_anybody_and_people_who_touch() -> None:
    inner = Counting()
    embed = Reusing(inner, 3)
    frame = tiny.ground()
    nobody = np.zeros((0, 4), np.float32)
    assert len(embed(nobody, frame)) == 0
    touching = np.array([[10, 10, 30, 60], [20, 10, 40, 60]], np.float32)
    assert embed(touching, frame).shape == embed(touching, frame).shape == (2, EMBED.width)
    assert inner.rows == 4, "people who overlap are described anew in every frame"
    assert embed(nobody, frame).shape[0] == 0
    assert embed(touching, frame).shape == (2, EMBED.width)
