"""Recordings as folders of numbered images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2

from tests.support import tiny

SEQINFO = """[Sequence]
name=s
imDir=img1
frameRate={fps}
seqLength={length}
imWidth=192
imHeight=144
imExt=.jpg
"""


def folder(path: Path, numbers: Iterable[int] = range(1, 21), name: str = "{:06d}.jpg") -> Path:
    """Write drawn people; the image with number n shows frame n − 1."""
    path.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        cv2.imwrite(str(path / name.format(number)), tiny.draw(tiny.walkers(), number - 1))
    return path


def sequence(path: Path, frames: int = 20, *, fps: int = 10, length: int | None = None) -> Path:
    """A sequence as MOTChallenge hands it out: `img1/000001.jpg` … and `seqinfo.ini`."""
    folder(path / "img1", range(1, frames + 1))
    (path / "seqinfo.ini").write_text(SEQINFO.format(fps=fps, length=length or frames))
    return path
