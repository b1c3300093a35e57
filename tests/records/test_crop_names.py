"""Paths from other machines match the crops of this workspace; no path matches two of them."""

from __future__ import annotations

import pytest

from agreid_cli.records.crop_names import match_names

CROPS = ["query/P1C0F31", "gallery/P1C0F31", "gallery/P1C0F61", "plain", "Cam1/Cam1_day_2.5"]


@pytest.mark.parametrize(
    ("name", "crop"),
    [
        ("gallery/P1C0F31", "gallery/P1C0F31"),
        ("/data/AG-ReID/gallery/P1C0F31.jpg", "gallery/P1C0F31"),
        ("C:\\data\\query\\P1C0F31.jpg", "query/P1C0F31"),
        ("P1C0F61.jpg", "gallery/P1C0F61"),
        ("P1C0F61", "gallery/P1C0F61"),
        ("P1C0F31.jpg", None),  # in two folders
        ("somewhere/plain.png", "plain"),
        ("Cam1/Cam1_day_2.5", "Cam1/Cam1_day_2.5"),
        ("x/Cam1_day_2.5.jpg", "Cam1/Cam1_day_2.5"),
        ("unknown", None),
        (".jpg", None),
    ],
)
def test_a_name_means_one_crop_or_none(name: str, crop: str | None) -> None:
    assert match_names([name, "plain"], CROPS) == [crop, "plain"]
