"""Checks of the machine and the workspace; changes nothing, and needs no network."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.cores import crowded, taken_cores, usable_cores
from agreid_cli.records.workspace import Workspace

PACKAGES = (
    "torch",
    "torchvision",
    "timm",
    "ultralytics",
    "boxmot",
    "opencv-python",
    "pandas",
    "pyarrow",
    "numpy",
)


@dataclass(frozen=True)
class Finding:
    """One line: `state` is ok, note or missing; `fix` is the line that fixes it."""

    state: str
    what: str
    found: str
    fix: str = ""


def examine(workspace: Workspace) -> list[Finding]:
    """Everything that `agreid doctor` shows, in order."""
    python = Finding("ok", "python", f"{platform.python_version()} on {platform.platform()}")
    return [python, _cpu(), *_packages(), _gpu(), *_codecs(), *_workspace(workspace)]


def _cpu() -> Finding:
    cores, taken = usable_cores(), taken_cores()
    found = f"{cores} cores" + ("" if taken is None else f", {taken:.1f} of them taken by other work")
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if not crowded(taken, int(asked) if asked.isdecimal() else cores, cores):
        return Finding("ok", "cpu", found)
    return Finding("note", "cpu", found, "OMP_NUM_THREADS=1 for each of several commands at once")


def _packages() -> list[Finding]:
    found = []
    for name in PACKAGES:
        try:
            found.append(Finding("ok", name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append(Finding("missing", name, "not installed", f"pip install '{name}'"))
    return found


def _gpu() -> Finding:
    if importlib.util.find_spec("torch") is None:
        return Finding("missing", "gpu", "torch is not installed", "pip install torch")
    import torch

    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        return Finding(
            "ok", "gpu", f"{card.name}, {card.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"
        )
    return Finding("note", "gpu", "none usable by torch; everything runs on the CPU", "see README: Status")


def _codecs() -> list[Finding]:
    if importlib.util.find_spec("cv2") is None:
        return [
            Finding("missing", "video", "opencv-python is not installed", "pip install 'opencv-python<5'")
        ]
    import cv2

    backends = {cv2.videoio_registry.getBackendName(b) for b in cv2.videoio_registry.getStreamBackends()}
    if "FFMPEG" in backends:
        return [Finding("ok", "video", f"OpenCV {cv2.__version__} with FFmpeg")]
    return [
        Finding(
            "missing", "video", "OpenCV has no FFmpeg backend", "pip install --force-reinstall opencv-python"
        )
    ]


def _workspace(workspace: Workspace) -> list[Finding]:
    root = workspace.root.resolve()
    existing = _existing(root)
    free = shutil.disk_usage(existing).free / 2**30
    state = "ok" if os.access(existing, os.W_OK) else "missing"
    found = [
        Finding(
            state,
            "workspace",
            f"{root}, {free:.0f} GiB free",
            "" if state == "ok" else f"chmod u+w {existing}",
        )
    ]
    for what, path, fix in (
        ("crops", workspace.crops, "agreid extract-crops VIDEO"),
        ("manifest", workspace.manifest, "agreid build-manifest"),
        ("split", workspace.split, "agreid build-split"),
    ):
        here = path.is_file()
        found.append(
            Finding("ok" if here else "note", what, str(path) if here else "not yet", "" if here else fix)
        )
    return found


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
