"""The sizes of many images, from their headers and the ends of their files alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agreid_cli.records.images.reading import picture_size

#: Paths per task: few enough for a smooth progress bar, enough to make task overhead negligible.
CHUNK = 256
_PLAIN = {"the file is empty": "is empty", "not an image": "is not an image"}
#: (width, height), or why the image cannot be read.
Size = tuple[int, int] | str


def image_sizes(
    paths: Sequence[Path], *, threads: int, advance: Callable[[int], None] = lambda n: None
) -> list[Size]:
    """One entry per path, in order; nothing is decoded. `advance` receives the number of finished paths.

    Threads hide the latency of a slow or remote disk; reading a header takes 25 µs.
    """
    chunks = [paths[at : at + CHUNK] for at in range(0, len(paths), CHUNK)]
    sizes: list[Size] = []
    pool = ThreadPoolExecutor(threads)
    try:
        for done in pool.map(_sizes, chunks):
            sizes += done
            advance(len(done))
    finally:
        pool.shutdown(cancel_futures=True)
    return sizes


def _sizes(paths: Sequence[Path]) -> list[Size]:
    return [_size(path) for path in paths]


def _size(path: Path) -> Size:
    try:
        return picture_size(path)
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        return _PLAIN.get(reason, f"cannot be read: {reason}")
