"""Drawn people who walk, tiny videos of them, and a detector that finds them by colour.

Nothing is downloaded and nothing real is shown: a test knows exactly who is where, because it drew them.
StrongSORT and the colour embedder work on these frames as they do on real ones.
"""

from __future__ import annotations

import difflib
import struct
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video.networks import Networks
from agreid_cli.vision.detections import Detections
from agreid_cli.vision.embedders.colour import ColourEmbedder

SIZE = (192, 144)
SKIN = (120, 160, 220)
COLOURS = [(200, 40, 40), (40, 180, 40), (40, 40, 210), (200, 180, 30), (190, 40, 190), (30, 170, 200)]


@dataclass(frozen=True)
class Person:
    """x, y: left and top in frame 0; vx, vy: pixels a frame; colours: hair, torso, legs (BGR)."""

    x: float
    y: float
    vx: float
    vy: float = 0.0
    height: int = 48
    colours: tuple[tuple[int, int, int], ...] = (COLOURS[0], COLOURS[1], COLOURS[2])
    first: int = 0
    last: int = 10**6

    def box(self, frame: int) -> tuple[int, int, int, int]:
        """x1 y1 x2 y2 in a frame, which may leave the picture."""
        x, y = round(self.x + self.vx * frame), round(self.y + self.vy * frame)
        return x, y, x + self.height // 3, y + self.height


def walkers(n: int = 2, size: tuple[int, int] = SIZE) -> list[Person]:
    """`n` people of different colours, each on a lane of the ground, walking to and fro."""
    width, height = size
    lane = height // n
    tall = min(lane - 4, 60)
    return [
        Person(
            x=width * 0.15 if i % 2 == 0 else width * 0.7,
            y=i * lane + 2,
            vx=width / 150 * (1 if i % 2 == 0 else -1),
            height=tall,
            colours=(COLOURS[i % 6], COLOURS[(i + 2) % 6], COLOURS[(i + 4) % 6]),
        )
        for i in range(n)
    ]


def ground(size: tuple[int, int] = SIZE) -> np.ndarray:
    """A grey, textured floor, the same every time: uint8 (height, width, 3)."""
    coarse = np.random.default_rng(5).integers(70, 150, (size[1] // 8 + 1, size[0] // 8 + 1), dtype=np.uint8)
    return cv2.cvtColor(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)


def draw(people: Iterable[Person], frame: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """One frame, uint8 BGR (height, width, 3)."""
    image = ground(size)
    for person in people:
        if not person.first <= frame <= person.last:
            continue
        x1, y1, x2, y2 = person.box(frame)
        hair, torso, legs = person.colours
        neck, waist = y1 + person.height // 5, y1 + person.height * 3 // 5
        cv2.rectangle(image, (x1, neck), (x2 - 1, waist), torso, -1)
        cv2.rectangle(image, (x1 + 1, waist), (x2 - 2, y2 - 1), legs, -1)
        cv2.ellipse(image, ((x1 + x2) // 2, (y1 + neck) // 2), (max(2, (x2 - x1) // 4), (neck - y1) // 2 + 1),
                    0, 0, 360, SKIN, -1)  # fmt: skip
        cv2.rectangle(image, (x1 + 2, y1), (x2 - 3, y1 + person.height // 12), hair, -1)
    return image


def clip(
    frames: int = 40, people: Sequence[Person] | None = None, size: tuple[int, int] = SIZE
) -> list[np.ndarray]:
    people = walkers(size=size) if people is None else people
    return [draw(people, index, size) for index in range(frames)]


def write(
    path: Path, frames: Sequence[np.ndarray] | None = None, *, fps: float = 10, codec: str = "MJPG"
) -> Path:
    """A video by OpenCV; motion JPEG, in which every frame stands alone."""
    frames = clip() if frames is None else frames
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter_fourcc(*codec), fps, (width, height), frames[0].ndim == 3
    )
    assert writer.isOpened(), path
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def encode(
    path: Path,
    frames: Sequence[np.ndarray] | None = None,
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    fps: int = 10,
    times_s: Sequence[float] | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    keyframe_every: int = 12,
) -> Path:
    """A video by FFmpeg: any codec, pixel format, container option and timestamps."""
    import av

    frames = clip() if frames is None else frames
    height, width = frames[0].shape[:2]
    base = Fraction(1, 1000) if times_s is not None else Fraction(1, fps)
    with av.open(str(path), "w", options=container or {}) as output:
        stream = output.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.time_base = base
        stream.gop_size = keyframe_every
        for index, image in enumerate(frames):
            kind = {2: "gray", 3: "bgr24"}.get(image.ndim if image.ndim == 2 else image.shape[2], "bgra")
            frame = av.VideoFrame.from_ndarray(image, format=kind).reformat(format=pix_fmt)
            frame.pts = index if times_s is None else round(times_s[index] * 1000)
            frame.time_base = base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def rotated(path: Path, degrees: int) -> Path:
    """Write into an .mp4 that it is to be shown turned by 90, 180 or 270 degrees (the track's matrix)."""
    data = bytearray(path.read_bytes())
    one = 1 << 16
    a, b, c, d = {90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}[degrees]
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    start = data.index(b"tkhd") + 4 + 40
    data[start : start + 36] = matrix
    path.write_bytes(data)
    return path


class ColourFinder:
    """Finds drawn people: whatever is colourful on the grey ground. Stands in for a detector's network.

    Thread-safe and pure, so that batches do not matter. `seen` counts frames; `pause_s` makes it slow.
    """

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s
        self.seen = 0
        self.batches: list[int] = []
        self.imgsz: set[int] = set()
        self._lock = threading.Lock()

    def detect(self, frames: Sequence[np.ndarray], imgsz: int) -> list[Detections]:
        with self._lock:
            self.seen += len(frames)
            self.batches.append(len(frames))
            self.imgsz.add(imgsz)
        time.sleep(self.pause_s * len(frames))
        return [find(frame) for frame in frames]


def find(frame: np.ndarray) -> Detections:
    """One box around each colourful patch of at least 60 pixels."""
    saturation = cv2.cvtColor(frame, cv2.COLOR_BGR2HSV)[..., 1]
    count, _, stats, _ = cv2.connectedComponentsWithStats((saturation > 70).astype(np.uint8), connectivity=8)
    rows = [stats[i] for i in range(1, count) if stats[i][4] >= 60]
    boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _ in rows], np.float32).reshape(-1, 4)
    scores = np.array([min(0.95, 0.8 + area / 1e4) for *_, area in rows], np.float32)
    return Detections.usable(boxes, scores, (frame.shape[1], frame.shape[0]), 8)


def networks(finder: Any = None, *, batch: int = 1, embed: Any = None) -> Networks:
    """What the stage works with, without any weight file."""
    return Networks(finder or ColourFinder(), embed or ColourEmbedder(), batch, "cpu", "drawn", "colour/1")


def loader(finder: Any = None, *, batch: int = 1) -> Callable[..., Networks]:
    """Stands in for `load_networks` of the stage."""

    def load(config: ExtractConfig, workspace: Workspace, *, device: str, download: bool) -> Networks:
        return networks(finder, batch=batch)

    return load


def differing(found: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    """How two trees differ, line by line in JSON files, for the message of a failed test."""
    said = []
    for name in sorted({*found, *wanted}):
        if (name in found) != (name in wanted):
            said.append(f"{name}: {'not expected' if name in found else 'missing'}")
            continue
        one, other = found[name], wanted[name]
        if one != other and name.endswith(".json"):
            lines = difflib.unified_diff(
                other.decode().split("\n"), one.decode().split("\n"), n=0, lineterm=""
            )
            said += [f"{name}: {line}" for line in lines if line[:3] not in ("---", "+++")]
        elif one != other:
            said.append(f"{name}: {len(other)} bytes expected, {len(one)} found")
    return said


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder by its relative name; the empty lock file does not count."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != ".lock")
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}
