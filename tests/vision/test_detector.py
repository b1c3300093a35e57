"""The ultralytics wrapper: detections, loading of weights, and side effects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from agreid_cli.errors import InputError
from agreid_cli.vision.detector import Detector
from tests.support.forked import Warm
from tests.support.weights import tiny_detector, trap, untrained_reid


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_detector(tmp_path_factory.mktemp("weights") / "tiny.pt")


def make(weights: Path, **how: Any) -> Detector:
    options: dict[str, Any] = {"classes": ("Person",), "conf": 0.0, "iou": 0.7, "min_px": 8, "device": "cpu"}
    return Detector(weights, half=False, **{**options, **how})


def noise(n: int, width: int = 160, height: int = 100) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (height, width, 3), dtype=np.uint8) for _ in range(n)]


def test_boxes_are_whole_inside_the_frame_and_large_enough(weights: Path) -> None:
    for found in make(weights).detect(noise(2), 160):
        assert len(found) > 3
        assert found.boxes.dtype == found.scores.dtype == np.float32
        assert found.boxes.min() >= 0
        assert (found.boxes <= [160, 100, 160, 100]).all()
        assert ((found.boxes[:, 2:] - found.boxes[:, :2]) >= 8).all()
        assert ((found.scores >= 0) & (found.scores <= 1)).all()


def test_boxes_smaller_than_asked_for_are_left_out(weights: Path) -> None:
    every, large = (make(weights, min_px=px).detect(noise(1), 160)[0] for px in (8, 90))
    assert 0 < len(large) < len(every)
    assert ((large.boxes[:, 2:] - large.boxes[:, :2]) >= 90).all()


def test_a_batch_finds_what_single_frames_do(weights: Path) -> None:
    detector, frames = make(weights), noise(5)
    alone = [detector.detect([frame], 160)[0] for frame in frames]
    for single, batched in zip(alone, detector.detect(frames, 160), strict=True):
        assert len(single) == len(batched)
        assert single.boxes == pytest.approx(batched.boxes, abs=1e-3)
        assert single.scores == pytest.approx(batched.scores, abs=1e-5)


def test_only_the_classes_that_count_as_persons_are_found(weights: Path, tmp_path: Path) -> None:
    everything = make(weights, classes=("person", "car")).detect(noise(1), 160)[0]
    persons = make(weights).detect(noise(1), 160)[0]
    assert 0 < len(persons) < len(everything)
    with pytest.raises(InputError, match="has no class named pedestrian; it has: person, car"):
        make(weights, classes=("pedestrian",))


def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    with pytest.raises(InputError, match="cannot be used as detector weights") as caught:
        make(trap(tmp_path / "trap.pt", proof))
    assert not proof.exists()
    assert len(caught.value.message) < 400
    torch.load(tmp_path / "trap.pt", weights_only=False)
    assert proof.exists(), "the trap is a trap"


@pytest.mark.parametrize("kind", ["text", "folder", "half", "reid", "picture", "yaml"])
def test_what_is_no_detector_is_one_short_sentence(kind: str, weights: Path, tmp_path: Path) -> None:
    path = tmp_path / f"x.{ {'picture': 'jpg', 'yaml': 'yaml'}.get(kind, 'pt') }"
    if kind == "folder":
        path.mkdir()
    elif kind == "reid":
        untrained_reid(path)
    else:
        path.write_bytes(weights.read_bytes()[:20_000] if kind == "half" else b"nc: 2")
    with pytest.raises(InputError) as caught:
        make(path)
    assert caught.value.message.count(str(path)) == 1
    assert "\n" not in caught.value.message
    assert "Ultralytics supports" not in caught.value.message
    assert "yolo11n.pt" in caught.value.hint


PROBE = """
import json, os, sys
asked = []
sys.addaudithook(lambda event, words: asked.append(str(words)) if event in
                 ("socket.getaddrinfo", "socket.connect", "subprocess.Popen") else None)
import cv2, numpy, torch, PIL.Image
torch.set_num_threads(2); cv2.setNumThreads(2)
def state():
    ours = ("YOLO_OFFLINE", "YOLO_AUTOINSTALL", "YOLO_VERBOSE", "ULTRALYTICS_SAFE_LOAD",
            "TORCHINDUCTOR_CACHE_DIR")  # the last is torch's own
    return {"env": {k: v for k, v in os.environ.items() if k not in ours},
            "torch": torch.get_num_threads(), "cv2": cv2.getNumThreads(),
            "save": str(torch.save), "open": str(PIL.Image.open),
            "looks": [str(numpy.array([1 / 3] * 30)), str(torch.ones(30) / 3)]}
before = state()
from pathlib import Path
from agreid_cli.vision.detector import Detector
detector = Detector(Path("tiny.pt"), classes=("person",), conf=0.2, iou=0.7, min_px=8, device="cpu",
                    half=False)
loaded = state()
detector.detect([numpy.zeros((64, 64, 3), numpy.uint8)], 64)
Path("states.json").write_text(json.dumps([before, loaded, state(), asked]))
"""


@pytest.mark.parametrize("given", [{}, {"CUDA_VISIBLE_DEVICES": "7", "OMP_NUM_THREADS": "3"}])
def test_threads_and_environment_stay_as_the_user_had_them_and_nobody_is_called(
    given: dict[str, str], weights: Path, tmp_path: Path, warm: Warm
) -> None:
    (tmp_path / "tiny.pt").write_bytes(weights.read_bytes())
    unset = {"CUDA_VISIBLE_DEVICES": None, "OMP_NUM_THREADS": None}
    code, out, err = warm.python(PROBE, tmp_path, env={**unset, **given})
    assert (code, out) == (0, ""), err
    before, loaded, worked, asked = json.loads((tmp_path / "states.json").read_text())
    assert {name: before["env"].get(name) for name in unset} == {**unset, **given}
    assert set(loaded["env"].items()) ^ set(before["env"].items()) == set()
    assert loaded == before
    assert set(worked["env"].items()) ^ set(before["env"].items()) == set()
    assert worked == before
    assert asked == []
