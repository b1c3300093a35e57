"""The interface to ultralytics and boxmot: settings before, and everything restored afterwards."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
import torch

from agreid_cli.errors import MissingError
from agreid_cli.vision import vendors

RUDE = """
import os
SEEN = dict(os.environ)
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import cv2
cv2.setNumThreads(0)
"""


def test_the_offline_switches_stand_before_ultralytics_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ultralytics.py").write_text(RUDE)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [n for n in sys.modules if n.partition(".")[0] == "ultralytics"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv("YOLO_OFFLINE", "false")
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    threads = cv2.getNumThreads()
    module = vendors.ultralytics()
    assert {k: module.SEEN[k] for k in vendors.OFFLINE} == vendors.OFFLINE
    assert vendors.OFFLINE["ULTRALYTICS_SAFE_LOAD"] == "true"
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert cv2.getNumThreads() == threads
    monkeypatch.delitem(sys.modules, "ultralytics")


@pytest.mark.parametrize("vendor", ["ultralytics", "boxmot"])
def test_a_vendor_that_is_not_installed_is_named_with_the_line_that_mends_it(
    vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, vendor, None)
    with pytest.raises(MissingError, match=f"{vendor} cannot be imported") as caught:
        getattr(vendors, vendor)()
    assert "pip install" in caught.value.hint


def test_a_vendor_s_call_leaves_threads_and_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    before = (torch.get_num_threads(), cv2.getNumThreads())
    with pytest.raises(RuntimeError), vendors.as_the_user_had_it():
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        torch.set_num_threads(before[0] + 1)
        cv2.setNumThreads(1 + (before[1] == 1))
        raise RuntimeError
    assert (torch.get_num_threads(), cv2.getNumThreads()) == before
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2"


def test_a_vendor_s_call_does_not_bring_back_what_another_thread_hides_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The detector works in one thread while the tracker, in another, must not believe it runs in CI."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with vendors.as_the_user_had_it():
        hidden = vendors.outside_ci()
        hidden.__enter__()
    assert "GITHUB_ACTIONS" not in os.environ
    with vendors.as_the_user_had_it():
        hidden.__exit__(None, None, None)
    assert os.environ["GITHUB_ACTIONS"] == "true"


@pytest.mark.parametrize("value", [None, "true"])
def test_the_mark_of_ci_is_hidden_only_during_the_call(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    change: Callable[[], None] = (
        (lambda: monkeypatch.setenv("GITHUB_ACTIONS", str(value)))
        if value
        else (lambda: monkeypatch.delenv("GITHUB_ACTIONS", raising=False))
    )
    change()
    with pytest.raises(RuntimeError), vendors.outside_ci():
        assert "GITHUB_ACTIONS" not in os.environ
        raise RuntimeError
    assert os.environ.get("GITHUB_ACTIONS") == value


def test_boxmot_installs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It pins an older ONNX Runtime exactly, and would install it under the running program."""
    vendors.boxmot()
    from boxmot.utils import checks

    def start(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"it started a process: {args}")

    monkeypatch.setattr(checks.subprocess, "check_call", start)
    monkeypatch.setattr(checks.subprocess, "run", start)
    monkeypatch.setattr(checks.subprocess, "Popen", start)
    checks.RequirementsChecker().check_packages(("onnxruntime==0.0.1",))
