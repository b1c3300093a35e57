"""`agreid demo --quick`: interrupted, continued, run once more, and its output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agreid_cli.records.results import read_result
from tests.support.browser import NEEDS_BROWSER, opened

ROOT = Path(__file__).parent.parent.parent


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, "-m", "agreid_cli", "demo", "--quick", "-w", str(folder), *words],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    """Every file but the record of times."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != "demo.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A demonstration that was stopped while it trained, and gone on with: folder, stdout, stderr."""
    folder = tmp_path_factory.mktemp("demo") / "show"
    first = start(folder)
    for _ in range(6000):
        if (folder / "runs" / "stream-1" / "config.toml").exists() or first.poll() is not None:
            break
        time.sleep(0.1)
    first.send_signal(signal.SIGTERM)
    _, err = first.communicate(timeout=120)
    assert first.returncode == 143, err
    assert "run the same command again" in err
    steps = json.loads((folder / "demo.json").read_text())["steps"]
    assert steps["untrained"]["done"]
    assert not steps["stream-1"]["done"]
    again = start(folder)
    out, err = again.communicate(timeout=600)
    assert again.returncode == 0, err
    return folder, out, err


@pytest.mark.slow
def test_it_goes_on_and_ends_with_a_table_and_a_report(shown: tuple[Path, str, str]) -> None:
    folder, out, err = shown
    assert "untrained is already trained" in err
    assert f"Open {folder / 'report.html'} in a browser." in out
    for name in ("untrained", "shipped", "stream-1"):
        for direction in ("a2g", "g2a"):
            result = read_result(folder / "runs" / name / "eval" / f"{direction}.json")
            [line] = [line.split() for line in out.splitlines() if line.split()[:2] == [name, direction]]
            assert line[2] == f"{100 * result.mAP:.1f}"
            assert line[-1] == str(result.n_valid)
    assert sum("stream-2, explainable" in line for line in out.splitlines()) == 2
    record = json.loads((folder / "demo.json").read_text())
    assert all(step["done"] for step in record["steps"].values())
    assert sum(step["share"] for step in record["steps"].values()) == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_a_finished_demonstration_is_left_as_it_is(shown: tuple[Path, str, str]) -> None:
    folder, out, _ = shown
    kept = files(folder)
    again = start(folder, "--json")
    told, err = again.communicate(timeout=300)
    assert again.returncode == 0, err
    now = files(folder)
    assert {name for name in {*kept, *now} if kept.get(name) != now.get(name)} == set()
    rows = json.loads(told)["rows"]
    assert len(rows) == 12  # six systems, of which one is the colour histogram, in two directions
    assert all(f"{100 * row['mAP']:.1f}" in out for row in rows)


class TestPage:
    pytestmark = NEEDS_BROWSER

    def test_the_report_is_quiet_and_shows_everybody(self, shown: tuple[Path, str, str]) -> None:
        with opened(shown[0] / "report.html", width=390, height=844) as seen:
            assert seen.faults() == []
            assert seen.broken_images() == []
            assert seen.overflow() == 0
            text = seen.page.inner_text("main")
        for words in ("untrained", "stream-1", "stream-2", "X-mAP_e", "synthetic campus"):
            assert words in text, words
