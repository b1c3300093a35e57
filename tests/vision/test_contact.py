"""The contact sheet: one row per track, pages of sixty."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from agreid_cli.vision import contact
from agreid_cli.vision.contact import GAP, HEADER, HEIGHT, LABEL, MARGIN, WIDTH, contact_sheets, thumbnail


def crop_files(folder: Path, *values: int) -> list[Path]:
    """One grey picture of a person's shape for each value."""
    files = []
    for value in values:
        file = folder / f"{value}.png"
        cv2.imwrite(str(file), np.full((40, 20, 3), value, np.uint8))
        files.append(file)
    return files


def cell(sheet: np.ndarray, row: int, column: int) -> int:
    y = MARGIN + HEADER + row * (HEIGHT + GAP) + HEIGHT // 2
    x = MARGIN + LABEL + column * (WIDTH + GAP) + WIDTH // 2
    return int(sheet[y, x, 0])


def test_a_row_shows_a_track_s_crops_in_time_order(tmp_path: Path) -> None:
    files = crop_files(tmp_path, 10, 60, 110, 160)
    [sheet] = contact_sheets({5: files[:3], 2: files[3:]}, "street")
    assert [cell(sheet, 0, 0)] == [160]
    assert [cell(sheet, 1, column) for column in range(3)] == [10, 60, 110]
    assert sheet[:HEADER].min() < 100, "the title is written"


def test_a_long_track_shows_sixteen_crops_spread_over_it(tmp_path: Path) -> None:
    files = crop_files(tmp_path, *range(0, 200, 4))
    [sheet] = contact_sheets({1: files}, "street")
    shown = [cell(sheet, 0, column) for column in range(16)]
    assert shown[0] == 0
    assert shown[-1] == 196
    assert np.diff(shown).min() >= 8


def test_many_tracks_fill_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact, "ROWS_PER_PAGE", 2)
    [file] = crop_files(tmp_path, 50)
    pages = list(contact_sheets({n: [file] for n in range(5)}, "street"))
    assert [(page.shape[0] - 2 * MARGIN - HEADER) // (HEIGHT + GAP) for page in pages] == [2, 2, 1]


def test_no_track_is_a_page_that_says_so_and_a_lost_file_a_grey_field(tmp_path: Path) -> None:
    [sheet] = contact_sheets({}, "Straße 1")
    assert sheet.shape[1] >= 520
    [sheet] = contact_sheets({1: [tmp_path / "gone.jpg"]}, "street")
    assert cell(sheet, 0, 0) == 236


@pytest.mark.parametrize("shape", [(1, 1), (400, 12), (12, 400), (96, 48)])
def test_a_thumbnail_keeps_the_shape_of_the_crop(shape: tuple[int, int]) -> None:
    field = thumbnail(np.zeros((*shape, 3), np.uint8))
    assert field.shape == (HEIGHT, WIDTH, 3)
    dark = np.argwhere((field == 0).all(2))
    height, width = dark.max(0) - dark.min(0) + 1
    assert height == HEIGHT or width == WIDTH or shape == (1, 1)
    assert width / height == pytest.approx(shape[1] / shape[0], rel=0.5, abs=0.35)
