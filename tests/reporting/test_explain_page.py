"""Explanation pages: self-contained, responsive, and safe against any name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agreid_cli.reporting.aggregate_page import AggregateView, MeanMap, aggregate_page, aggregate_sheet
from agreid_cli.reporting.explain_page import PairView, Shown, page, sheet
from agreid_cli.reporting.reasons import Reason
from agreid_cli.reporting.search_page import Answer, Asked, search_page
from tests.support.browser import NEEDS_BROWSER, opened

RNG = np.random.default_rng(0)
NAME = "<script>alert(1)</script>.jpg"


def shown(name: str) -> Shown:
    image = RNG.integers(0, 255, (90, 40, 3)).astype(np.uint8)
    return Shown(name, image, RNG.random((6, 8, 4)).astype(np.float32))


def pages() -> dict[str, str]:
    reasons = tuple(Reason(k, f"bag: Kind {k}", 2.0 - k / 9, 0.3 - k / 20, k + 1) for k in range(5))
    pair = PairView("1. other", shown(NAME), shown("other"), 4.25, 0.031, "mostly bag", reasons, match=False)
    third = RNG.random((8, 4))
    image = RNG.integers(0, 255, (64, 32, 3)).astype(np.uint8)
    maps = (
        MeanMap("bag: Backpack", "aerial", image, third, third, 4),
        MeanMap(NAME, "ground", image, None, third, 0),
    )
    bars = (("Bag (even: 10.2 %)", 0.2), ("Upper Body Clothing (uniform: 14.8 %)", 0.1))
    view = AggregateView("What tells people apart", "Mean shares", (("a2g", bars), ("g2a", bars)), maps)
    answer = Answer(1, shown(NAME), 0.42, (Asked("bag: backpack", 0.5, "Handbag", 2),))
    return {
        "explain": page("Two crops", "Why", [pair], version="1"),
        "aggregate": aggregate_page(view, version="1"),
        "search": search_page("bag: backpack", 12, [answer], version="1"),
        "sheets": f"{sheet(pair).shape} {aggregate_sheet(view).shape}",
    }


def test_pages_say_what_they_show_and_run_no_one_elses_script() -> None:
    made = pages()
    assert "A different person." in made["explain"]
    assert "error of the parts 3.1 %" in made["explain"]
    assert made["explain"].count("data:image/jpeg") == 2 + 4 * 2
    assert "looks like handbag" in made["search"]
    assert made["aggregate"].count("data:image/jpeg") == 3  # nobody has the second attribute
    for name in ("explain", "aggregate", "search"):
        assert "<script" not in made[name], name
        assert "&lt;script&gt;" in made[name], name


def test_usual_shares_and_guesses_are_marked_and_expected_shares_named() -> None:
    known = Reason(0, "bag: Backpack", 2.0, 0.3, 1, usual=0.251, recognised=True)
    guess = Reason(1, "glasses: No", 1.0, 0.2, 2, usual=0.1, recognised=False)
    pair = PairView("1. other", shown("one"), shown("other"), 4.25, None, "bag", (known, guess))
    text = page("Two crops", "Why", [pair], version="1")
    assert "Distance 4.25, divided by expected shares." in text
    assert "glasses: No (?)" in text
    assert "the mark on a bar its usual share" in text
    assert "(?): the stream does not recognise this group" in text
    assert "<td>25.10</td>" in text
    assert "usual" not in pages()["explain"].split("How to read")[0]
    assert sheet(pair).ndim == 3


def test_sheets_are_pictures() -> None:
    assert pages()["sheets"].endswith(", 3)")


@pytest.mark.parametrize("name", ["explain", "aggregate", "search"])
@NEEDS_BROWSER[0]
@NEEDS_BROWSER[1]
def test_in_a_browser_nothing_is_amiss_on_a_desk_or_a_phone(name: str, tmp_path: Path) -> None:
    place = tmp_path / f"{name}.html"
    place.write_text(pages()[name], encoding="utf-8")
    with opened(place) as seen:
        for width in (1280, 390):
            seen.resize(width, 900)
            assert seen.overflow() <= 0, width
        assert seen.broken_images() == []
    assert seen.faults() == []
