"""The recording of a stream: complete parts, and the start time of each.

A stream cannot be replayed, so everything that was captured is kept.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError
from agreid_cli.records.files import write_text
from agreid_cli.records.versioned_json import read_versioned

NAME, VERSION = "recording", 1
FILE = "recording.json"


@dataclass(frozen=True)
class RecordedPart:
    """file: in the recording's folder; start_s: seconds since the recording began; seconds: of footage."""

    file: str
    start_s: float
    seconds: float
    frames: int


@dataclass(frozen=True)
class Recording:
    """address: without user, password and query. finite: the other end serves a file, to be fetched again.

    ended: the stream ended by itself. begun: Unix time of the first frame. connections: how often the stream
    was opened.
    """

    address: str
    film: str = ""
    left_out: tuple[str, ...] = ()
    finite: bool = False
    ended: bool = False
    begun: float = 0.0
    connections: int = 0
    parts: tuple[RecordedPart, ...] = ()

    @property
    def frames(self) -> int:
        return sum(part.frames for part in self.parts)

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    def enough(self, max_frames: int, max_seconds: float) -> bool:
        """Whether nothing more is to be captured. A limit of 0 is none; without limits any capture is enough,
        except for a file at the other end, which can be fetched to its end."""
        if self.ended:
            return True
        if not max_frames and not max_seconds:
            return bool(self.parts) and not self.finite
        return bool(
            (max_frames and self.frames >= max_frames) or (max_seconds and self.seconds >= max_seconds)
        )

    def extended(self, part: RecordedPart) -> Recording:
        return replace(self, parts=(*self.parts, part))

    def write(self, folder: Path) -> None:
        tree = {"schema": f"{NAME}/{VERSION}", **asdict(self)}
        write_text(folder / FILE, json.dumps(tree, indent=1, sort_keys=True, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Recording:
        """Raises `MissingError` if there is none, `InputError` if it is not a valid recording."""
        path = folder / FILE
        hint = f"Delete {folder} and record again; its part-*.mkv files are ordinary videos."
        tree: dict[str, Any] = read_versioned(path, NAME, VERSION, kind="a recording", made_by=hint)
        try:
            parts = tuple(RecordedPart(**part) for part in tree.pop("parts"))
            return cls(**{**tree, "left_out": tuple(tree["left_out"]), "parts": parts})
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path} is not a recording", hint=hint) from error
