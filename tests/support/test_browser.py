"""The browser helper detects what pages must not do."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import NEEDS_BROWSER, opened

pytestmark = NEEDS_BROWSER

GOOD = """<!doctype html><meta charset=utf-8><title>t</title><style>body{background:#fff}
@media (prefers-color-scheme: dark){body{background:#000}}</style>
<a id=a download=x.txt href="data:text/plain,hello">get</a>
<img alt="" src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7">"""
BAD = """<!doctype html><meta charset=utf-8><title>t</title><div style="width:3000px">wide</div>
<img alt="" src="missing.png"><img alt="" src="http://example.invalid/x.png">
<script>console.error("oh"); setTimeout(() => { throw new Error("later") }, 0);</script>"""


def test_a_page_without_faults(tmp_path: Path) -> None:
    page = tmp_path / "good page.html"
    page.write_text(GOOD, encoding="utf-8")
    with opened(page, width=390, height=600, dark=True) as seen:
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 0, 0)"
        assert seen.download("#a", tmp_path / "x.txt").read_text() == "hello"
        assert seen.screenshot(tmp_path / "shot.png").read_bytes()[1:4] == b"PNG"
        assert seen.overflow() == 0
        assert seen.broken_images() == []
    assert seen.faults() == []


def test_every_fault_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(BAD, encoding="utf-8")
    with opened(page) as seen:
        seen.page.wait_for_timeout(200)
        assert seen.overflow() > 1000
        assert len(seen.broken_images()) == 2
    assert seen.outside == ["http://example.invalid/x.png"]
    assert any("console: oh" in error for error in seen.errors)
    assert any("later" in error for error in seen.errors)
    assert any("missing.png" in failed for failed in seen.failed)
