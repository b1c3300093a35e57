"""Charts: colours from the page's theme, unique ids, numbers as a table."""

from __future__ import annotations

import re

from agreid_cli.reporting.charts import bar_chart, curve_chart
from agreid_cli.reporting.figure import ROLE_OF_COLOUR

CURVES = [("total", ((1.0, 4.0), (2.0, 3.0), (3.0, 3.5))), ("ce", ((1.0, 2.0), (2.0, 1.0), (3.0, 0.5)))]


def test_a_figure_has_no_colour_font_or_size_of_its_own() -> None:
    svg = curve_chart("one", "Losses", CURVES, y="loss").svg
    assert not any(stand_in in svg for stand_in in ROLE_OF_COLOUR)
    assert not re.search(r"#[0-9a-f]{6}|DejaVu|<style|<metadata|<\?xml", svg)
    assert {"var(--series-1)", "var(--series-2)", "var(--font)"} <= set(re.findall(r"var\([^)]*\)", svg))
    head = svg[: svg.index(">")]
    assert "viewBox" in head
    assert not re.search(r"width|height", head)
    assert ">epoch</text>" in svg


def test_two_figures_share_no_id_and_one_is_drawn_the_same_twice() -> None:
    first, again, other = (curve_chart(name, "x", CURVES, y="y").svg for name in ("a", "a", "b"))
    assert first == again
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip((first, other), ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) <= own


def test_the_table_holds_first_least_greatest_and_last() -> None:
    chart = curve_chart("t", "Losses", CURVES, y="loss")
    assert chart.columns == ("", "first", "minimum", "maximum", "last")
    assert chart.rows == (("total", "4", "3", "4", "3.5"), ("ce", "2", "0.5", "2", "0.5"))
    assert "total from 4 to 3.5" in chart.says
    bars = bar_chart("b", "Shares", [("upper", 0.25)], x="share", chance=0.1)
    assert bars.rows == (("upper", "0.25"),)
    assert "Chance level 0.1" in bars.says
