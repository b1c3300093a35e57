"""The report in a real browser: self-contained, filtered, and no wider than a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agreid_cli.config.report import ReportConfig
from agreid_cli.stages.report.report import report
from tests.support.browser import NEEDS_BROWSER, Seen, opened
from tests.support.reported import add_run, workspace_of

pytestmark = NEEDS_BROWSER
SHOWN = "#queries-a2g > .query:not([hidden])"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = workspace_of(
        tmp_path_factory.mktemp("page") / "a-workspace-with-a-rather-long-name-of-a-folder"
    )
    for nth, (name, noise, epochs) in enumerate((("untrained", 4.0, 0), ("trained", 2.0, 12))):
        add_run(workspace, name, noise=noise, made=1_000 + nth, epochs=epochs)
    return report(workspace, config=ReportConfig(queries=6, rounds=50)).path


@pytest.fixture
def wide(path: Path) -> Iterator[Seen]:
    with opened(path) as seen:
        yield seen


def listed(seen: Seen, what: str) -> list[Any]:
    """A data attribute of the queries shown, from top to bottom."""
    found: list[Any] = seen.page.eval_on_selector_all(SHOWN, f"them => them.map(q => q.dataset.{what})")
    return found


def test_it_is_quiet_and_asks_for_nothing(wide: Seen) -> None:
    assert (wide.faults(), wide.warnings) == ([], [])
    wide.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    loaded = "Array.from(document.images).every(i => i.complete && i.naturalWidth > 0)"
    wide.page.wait_for_function(loaded)
    assert wide.page.evaluate("document.images.length") > 60
    assert wide.broken_images() == []


def test_filters_and_order(wide: Seen) -> None:
    everything = listed(wide, "given")
    assert everything == sorted(everything, key=int)
    assert len(everything) == 6
    form = "form[data-for=queries-a2g]"
    wide.page.select_option(f"{form} [data-filter]", "wrong")
    wrong = listed(wide, "given")
    assert set(listed(wide, "right")) == {"wrong"}
    wide.page.select_option(f"{form} [data-filter]", "right")
    assert sorted(wrong + listed(wide, "given")) == sorted(everything)
    assert wide.page.inner_text(f"{form} output") == f"{6 - len(wrong)} of 6 queries"
    wide.page.select_option(f"{form} [data-filter]", "all")
    wide.page.select_option(f"{form} [data-order]", "worst")
    scores = [float(ap) for ap in listed(wide, "ap")]
    assert scores == sorted(scores)
    assert len(set(scores)) > 1
    person = listed(wide, "person")[0]
    wide.page.fill(f"{form} [data-person]", person)
    assert set(listed(wide, "person")) == {person}
    wide.page.fill(f"{form} [data-person]", "")
    wide.page.select_option(f"{form} [data-order]", "given")
    assert listed(wide, "given") == everything


def test_correct_and_wrong_differ_in_shape(wide: Seen) -> None:
    style = "(s) => getComputedStyle(document.querySelector(s))"
    frames = [
        wide.page.evaluate(f"({style})('.ranks .{kind} img').borderTopStyle") for kind in ("match", "wrong")
    ]
    assert frames == ["solid", "dashed"]
    radii = [
        wide.page.evaluate(f"({style})('.ranks .mark.{kind}').borderRadius") for kind in ("match", "wrong")
    ]
    assert radii[0] != radii[1]


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(path: Path, dark: bool) -> None:
    """WCAG AA: 4.5 to 1 for every colour that text takes, on every ground that it stands on."""
    with opened(path, dark=dark) as seen:
        colours = seen.page.evaluate(
            "Object.fromEntries(['bg','card','soft','ink','muted','accent','good','bad'].map(n => "
            "[n, getComputedStyle(document.documentElement).getPropertyValue('--' + n).trim()]))"
        )
    light = {name: luminance(value) for name, value in colours.items()}
    for text in ("ink", "muted", "accent"):
        for ground in ("bg", "card", "soft"):
            assert contrast(light[text], light[ground]) >= 4.5, (text, ground)
    for mark in ("good", "bad"):
        assert contrast(light[mark], light["card"]) >= 4.5, mark


def test_a_phone_scrolls_one_way_only(path: Path) -> None:
    with opened(path, width=390, height=844) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert seen.overflow() == 0
        seen.resize(320, 700)
        assert seen.overflow() == 0
        assert seen.page.inner_text("#dir-a2g table td") != ""


def test_keyboard_reaches_the_figures_first(path: Path) -> None:
    with opened(path) as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.className") == "skip"
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "main"


def test_paper_shows_what_is_folded(path: Path) -> None:
    with opened(path) as seen:
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert seen.page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
        seen.page.emulate_media(media="print")
        assert seen.page.evaluate("getComputedStyle(document.querySelector('.filters')).display") == "none"
        seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert seen.page.evaluate("document.querySelectorAll('details[open]').length") == 0


def luminance(colour: str) -> float:
    """Of a six-digit colour, by WCAG."""
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: float, b: float) -> float:
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
