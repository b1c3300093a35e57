"""The pipeline of one video compared with a plain loop, and its memory."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from agreid_cli.vision.cutting import cut
from agreid_cli.vision.embedders.colour import ColourEmbedder
from agreid_cli.vision.extract import QUEUE_BYTES, Seen, extract
from agreid_cli.vision.mot import mot_lines
from agreid_cli.vision.sources.source import Frame
from agreid_cli.vision.tracker import BoxmotTracker
from tests.support import tiny

EMBED = ColourEmbedder()
HOW: dict[str, Any] = {"jpeg_quality": 95, "pixelate": True, "min_head_px": 8}


def tracker(name: str = "strongsort") -> BoxmotTracker:
    return BoxmotTracker(name, options={}, same_person=0.2, frame_size=tiny.SIZE, motion_px=0)


def frames(n: int = 25) -> Iterator[Frame]:
    for index, image in enumerate(tiny.clip(n)):
        yield Frame(index, index / 10, image)


def run(source: Any, *, batch: int = 1, name: str = "strongsort", **how: Any) -> Iterator[Seen]:
    how = {"frame_size": tiny.SIZE, "imgsz": 640, "every": 4, **HOW, **how}
    return extract(source, how.pop("finder", tiny.ColourFinder()), tracker(name), EMBED, batch=batch, **how)


@pytest.mark.parametrize("batch", [1, 2, 7, 100])
@pytest.mark.parametrize("name", ["strongsort", "ocsort"])
def test_it_gives_what_a_plain_loop_gives(name: str, batch: int) -> None:
    link, truth = tracker(name), []
    for frame in frames():
        found = tiny.find(frame.image)
        linked = link.update(found, EMBED(found.boxes, frame.image), frame.image)
        crops = cut(frame.image, found, linked, **HOW) if frame.index % 4 == 0 else []
        truth.append((frame.index, linked.track_ids.tolist(), linked.detection.tolist(), crops))
    seen = list(run(frames(), batch=batch, name=name))
    assert [
        (s.frame.index, s.tracks.track_ids.tolist(), s.tracks.detection.tolist(), list(s.crops)) for s in seen
    ] == truth
    assert sum(len(s.crops) for s in seen) > 6
    assert all(s.frame.image.size == 0 for s in seen), "frames leave without their pixels"


@pytest.mark.parametrize("batch", [1, 3])
def test_memory_stays_flat_when_the_consumer_is_slow(batch: int) -> None:
    """Frames alive at any time, of a video so large that the queues hold few."""
    alive, most, lock = 0, 0, threading.Lock()

    def gone() -> None:
        nonlocal alive
        with lock:
            alive -= 1

    def source() -> Iterator[Frame]:
        nonlocal alive, most
        for index in range(60):
            image = tiny.ground()
            weakref.finalize(image, gone)
            with lock:
                alive += 1
                most = max(most, alive)
            yield Frame(index, None, image)
            del image

    bytes_of_4k = 3840 * 2160 * 3
    depth = max(1, int(QUEUE_BYTES / bytes_of_4k / batch))
    for _ in run(source(), batch=batch, frame_size=(3840, 2160)):
        time.sleep(0.002)
    # five queues, four steps at work, one group being read, one more in the reader's hands
    assert most <= (5 * depth + 4 + 2) * batch
    assert alive <= batch, "the last ones wait for Python's collector"


def test_an_error_of_the_detector_ends_the_run_and_every_thread() -> None:
    class Broken:
        def detect(self, images: Any, imgsz: int) -> Any:
            raise ValueError("the network is broken")

    before = threading.active_count()
    with pytest.raises(ValueError, match="the network is broken"):
        list(run(frames(), finder=Broken()))
    assert threading.active_count() == before


def test_closing_it_early_closes_the_reader_s_thread() -> None:
    before = threading.active_count()
    seen = run(frames())
    next(seen)
    assert threading.active_count() > before
    seen.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_mot_lines_count_frames_from_one_and_give_boxes_as_detected() -> None:
    seen = list(run(frames(6)))
    assert [mot_lines(s) for s in seen[:2]] == ["", ""]
    lines = mot_lines(seen[4]).splitlines()
    for line, number, row in zip(lines, (1, 2), (0, 1), strict=True):
        words = line.split(",")
        assert words[:2] == ["5", str(number)]
        assert words[7:] == ["-1", "-1", "-1"]
        x, y, w, h, score = map(float, words[2:7])
        box = seen[4].detections.boxes[row]
        assert [x, y, x + w, y + h] == pytest.approx(box.tolist(), abs=0.02)
        assert score == pytest.approx(float(seen[4].detections.scores[row]), abs=1e-4)
    assert np.isfinite(score)
