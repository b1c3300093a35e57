"""The contact sheet: one row per track, for a quick check of the crops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.records.images.reading import read_picture

WIDTH, HEIGHT = 48, 96  # of a thumbnail
MARGIN, LABEL, HEADER, GAP = 8, 92, 28, 3
PER_ROW, ROWS_PER_PAGE = 16, 60


def contact_sheets(tracks: Mapping[int, Sequence[Path]], title: str) -> Iterator[np.ndarray]:
    """uint8 BGR pages of 60 tracks. tracks: track number → its crop files, in time order.

    A track with more than 16 crops shows 16, evenly spread, and their total number. Only one
    page is in memory at a time.
    """
    numbers = sorted(tracks)
    starts = range(0, max(1, len(numbers)), ROWS_PER_PAGE)
    for page, start in enumerate(starts, start=1):
        shown = numbers[start : start + ROWS_PER_PAGE]
        of = f", page {page} of {len(starts)}" if len(starts) > 1 else ""
        yield _page({n: tracks[n] for n in shown}, f"{title}: {len(numbers)} tracks{of}")


def _page(tracks: Mapping[int, Sequence[Path]], title: str) -> np.ndarray:
    columns = max((min(len(files), PER_ROW) for files in tracks.values()), default=1)
    width = max(520, 2 * MARGIN + LABEL + columns * (WIDTH + GAP))
    sheet = np.full((2 * MARGIN + HEADER + len(tracks) * (HEIGHT + GAP), width, 3), 255, np.uint8)
    _write(sheet, title, MARGIN, MARGIN + 14, 0.5)
    for row, (number, files) in enumerate(tracks.items()):
        y = MARGIN + HEADER + row * (HEIGHT + GAP)
        _write(sheet, f"track {number}", MARGIN, y + 24, 0.45)
        _write(sheet, f"{len(files)} crop{'s' * (len(files) != 1)}", MARGIN, y + 44, 0.4)
        for column, file in enumerate(_spread(files)):
            x = MARGIN + LABEL + column * (WIDTH + GAP)
            sheet[y : y + HEIGHT, x : x + WIDTH] = thumbnail(_read(file))
    return sheet


def thumbnail(image: np.ndarray) -> np.ndarray:
    """The crop centred in a grey field of 48×96, with its aspect ratio kept."""
    scale = min(WIDTH / image.shape[1], HEIGHT / image.shape[0])
    width, height = max(1, int(image.shape[1] * scale)), max(1, int(image.shape[0] * scale))
    field = np.full((HEIGHT, WIDTH, 3), 236, np.uint8)
    x, y = (WIDTH - width) // 2, (HEIGHT - height) // 2
    field[y : y + height, x : x + width] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return field


def _spread(files: Sequence[Path]) -> list[Path]:
    if len(files) <= PER_ROW:
        return list(files)
    return [files[i] for i in np.linspace(0, len(files) - 1, PER_ROW).round().astype(int)]


def _write(sheet: np.ndarray, text: str, x: int, y: int, size: float) -> None:
    plain = text.encode("ascii", "replace").decode()  # OpenCV's fonts are ASCII only
    cv2.putText(sheet, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (40, 40, 40), 1, cv2.LINE_AA)


def _read(file: Path) -> np.ndarray:
    try:
        return np.ascontiguousarray(read_picture(file).pixels[..., ::-1])
    except (OSError, ValueError):
        return np.full((HEIGHT, WIDTH, 3), 236, np.uint8)
