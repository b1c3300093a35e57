"""A page on disk in a real, headless Chromium, with its console messages and network requests.

pytestmark = NEEDS_BROWSER

def test_the_page(tmp_path):
    with opened(tmp_path / "report.html") as seen:
        seen.page.click("text=Worst first")
        seen.screenshot(tmp_path / "wide.png")
        seen.resize(390, 844)
        seen.screenshot(tmp_path / "phone.png")
    assert seen.faults() == []
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: What a page that opens from disk may ask for.
INSIDE = ("file:", "data:", "blob:", "about:")
#: In every evaluated page: which images have not come.
_BROKEN = (
    "Array.from(document.images).filter(i => i.complete && !i.naturalWidth).map(i => i.src.slice(0, 200))"
)
PATIENCE_MS = 20_000


def chromium() -> str | None:
    """The browser on PATH, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


#: For a test module: `pytestmark = NEEDS_BROWSER`.
NEEDS_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(
        chromium() is None or importlib.util.find_spec("playwright") is None,
        reason="no chromium or google-chrome on PATH, or no playwright",
    ),
]


@dataclass
class Seen:
    """An open page and what it did. `page` is playwright's own (click, fill, keyboard, evaluate …)."""

    page: Any
    errors: list[str] = field(default_factory=list)  # console errors and uncaught exceptions
    warnings: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)  # requests that would leave this machine
    failed: list[str] = field(default_factory=list)  # files that the page wanted and did not get

    def faults(self) -> list[str]:
        """Everything that a page from disk must not do."""
        return [*self.errors, *(f"asks for {url}" for url in self.outside), *self.failed]

    def broken_images(self) -> list[str]:
        """Images that were asked for and have no pixels."""
        found: list[str] = self.page.evaluate(_BROKEN)
        return found

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def overflow(self) -> int:
        """How many pixels the page is wider than the window; 0 where nothing scrolls sideways."""
        wide: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wide

    def screenshot(self, path: Path, *, whole: bool = False) -> Path:
        """A PNG of the window, or of the whole page."""
        self.page.screenshot(path=str(path), full_page=whole)
        return path

    def download(self, selector: str, path: Path) -> Path:
        """Click, and keep what is downloaded at `path`."""
        with self.page.expect_download() as waiting:
            self.page.click(selector)
        waiting.value.save_as(str(path))
        return path


@contextmanager
def opened(
    path: Path, *, width: int = 1280, height: int = 900, dark: bool = False, query: str = ""
) -> Iterator[Seen]:
    """Open a file in a fresh browser, without a profile and without a way out.

    A request that is not for a file is recorded and refused. `query` is what stands behind the path, as in
    `#rank-lists` or `?x=1`.
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="agreid-browser-") as profile, sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            args=list(FLAGS),
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        try:
            context.set_default_timeout(PATIENCE_MS)
            page = context.pages[0] if context.pages else context.new_page()
            seen = Seen(page)
            _listen(context, seen)
            page.goto(Path(path).resolve().as_uri() + query, wait_until="load")
            yield seen
        finally:
            context.close()


def _listen(context: Any, seen: Seen) -> None:
    def asked(request: Any) -> None:
        if not request.url.startswith(INSIDE):
            seen.outside.append(request.url)

    def said(message: Any) -> None:
        if message.type == "error":
            seen.errors.append(f"console: {message.text}")
        elif message.type == "warning":
            seen.warnings.append(f"console: {message.text}")

    def lost(request: Any) -> None:
        # An aborted one is what the browser gives up itself, such as an image of a page that is left.
        if request.failure != "net::ERR_ABORTED" and request.url.startswith(INSIDE):
            seen.failed.append(f"did not get {request.url[:200]}: {request.failure}")

    context.route(lambda url: not url.startswith(INSIDE), lambda route: route.abort("blockedbyclient"))
    context.on("request", asked)
    seen.page.on("console", said)
    seen.page.on("pageerror", lambda error: seen.errors.append(f"uncaught: {error}"))
    seen.page.on("requestfailed", lost)
