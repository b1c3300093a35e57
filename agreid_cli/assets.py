"""Locate the files of `assets/`: inside an installed wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path


def asset(name: str) -> Path:
    """The path of the asset `name`; FileNotFoundError when the package was built without it."""
    package = Path(__file__).parent
    for folder in (package / "_assets", package.parent / "assets"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"asset {name} is missing from this installation of agreid")
