"""Record of one extracted video: its inputs and settings, to decide whether it must be extracted again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError, Problem
from agreid_cli.records.files import write_text
from agreid_cli.records.versioned_json import read_versioned

NAME, VERSION = "extraction", 1


@dataclass(frozen=True)
class Facts:
    """Facts given by the user: camera, platform, altitude class (0, 1, 2) and session (MMDD + 0/1)."""

    platform: str
    camid: int
    altitude: int | None = None
    session: str | None = None


@dataclass(frozen=True)
class Extraction:
    """One finished video. `lost` and `missing_at_end` count frames that could not be decoded.

    inputs: the sha256 of the video and of the weights, the facts and the configuration; two extractions
    with equal inputs give equal crops. parameters: every parameter of the tracker.
    source: how the video was read (the stream used, what was left out, what was done to the frames); empty in
    records of earlier versions.
    """

    video_id: str
    file: str
    inputs: dict[str, Any]
    parameters: dict[str, Any]
    versions: dict[str, str]
    width: int
    height: int
    fps: float | None
    imgsz: int
    decoded: int
    lost: int
    missing_at_end: int
    tracks: int
    crops: int
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return "partial" if self.lost or self.missing_at_end else "complete"

    def write(self, path: Path) -> None:
        tree = {"schema": f"{NAME}/{VERSION}", **asdict(self)}
        write_text(path, json.dumps(tree, indent=1, sort_keys=True, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, path: Path) -> Extraction:
        """Raises `InputError` if the file is not an extraction record of this or an older version."""
        hint = "Delete it and run agreid extract-crops on that video again."
        tree = read_versioned(path, NAME, VERSION, kind="an extraction record", made_by=hint)
        try:
            return cls(**tree)
        except TypeError as error:
            raise InputError(f"{path} is not an extraction record", hint=hint) from error


def changes(before: dict[str, Any], now: dict[str, Any], prefix: str = "") -> list[Problem]:
    """One problem per input that differs."""
    found: list[Problem] = []
    for key in sorted({*before, *now}):
        a, b = before.get(key), now.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            found += changes(a, b, f"{prefix}{key}.")
        elif a != b:
            found.append(Problem(f"{prefix}{key}", f"was {a!r}, now {b!r}"))
    return found
