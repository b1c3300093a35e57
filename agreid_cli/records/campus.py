"""Ground truth written by `agreid synth`: positions of all people and cameras.

truth/campus.json                the settings; `complete` once everything is written
truth/tracks/<video>.parquet     position of each person in each frame
truth/cameras/<video>.parquet    K, R, t in each frame
truth/mot/<video>.txt            the boxes as MOTChallenge text, with the visible fraction of each
truth/parts/…                    body parts: one map per frame (videos), one mask per crop
truth/identities.csv, attributes.csv
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from agreid_cli.errors import InputError
from agreid_cli.records.artefact import Artefact
from agreid_cli.records.files import write_text

SCHEMA = "campus/1"
#: A map of a frame stores number · this + part, where number is the track's.
PARTS_A_TRACK = 16

TRACKS = Artefact(
    "truth-tracks",
    1,
    pa.schema(
        [
            pa.field("video_id", pa.string(), nullable=False),
            pa.field("frame", pa.int32(), nullable=False),
            pa.field("time_s", pa.float64(), nullable=False),
            pa.field("track_id", pa.int32(), nullable=False),
            pa.field("pid", pa.int64(), nullable=False),
            # Box of the whole person, including parts hidden or outside the frame; then the box of the
            # visible part.
            *(pa.field(name, pa.float32(), nullable=False) for name in ("x1", "y1", "x2", "y2")),
            *(pa.field(name, pa.float32(), nullable=False) for name in ("seen_x1", "seen_y1", "seen_x2")),
            pa.field("seen_y2", pa.float32(), nullable=False),
            pa.field("in_frame", pa.float32(), nullable=False),  # fraction of the whole box inside the frame
            pa.field("visible", pa.float32(), nullable=False),  # visible fraction of that, by boxes
            pa.field("x_m", pa.float32(), nullable=False),
            pa.field("y_m", pa.float32(), nullable=False),
            pa.field("heading_rad", pa.float32(), nullable=False),
        ]
    ),
    "agreid synth",
)
CAMERAS = Artefact(
    "truth-cameras",
    1,
    pa.schema(
        [
            pa.field("frame", pa.int32(), nullable=False),
            pa.field("time_s", pa.float64(), nullable=False),
            pa.field("K", pa.list_(pa.float64(), 9), nullable=False),
            pa.field("R", pa.list_(pa.float64(), 9), nullable=False),
            pa.field("t", pa.list_(pa.float64(), 3), nullable=False),
        ]
    ),
    "agreid synth",
)


@dataclass(frozen=True)
class Truth:
    """The paths of the ground truth in a workspace."""

    root: Path

    @property
    def record(self) -> Path:
        return self.root / "campus.json"

    @property
    def identities(self) -> Path:
        return self.root / "identities.csv"

    @property
    def attributes(self) -> Path:
        return self.root / "attributes.csv"

    @property
    def parts(self) -> Path:
        return self.root / "parts"

    def tracks(self, video_id: str) -> Path:
        return self.root / "tracks" / f"{video_id}.parquet"

    def cameras(self, video_id: str) -> Path:
        return self.root / "cameras" / f"{video_id}.parquet"

    def mot(self, video_id: str) -> Path:
        return self.root / "mot" / f"{video_id}.txt"

    def crops(self, video_id: str) -> Path:
        """The crops rendered directly from the scene; joined in crops/crops.parquet."""
        return self.root / "crops" / f"{video_id}.parquet"

    def frame_parts(self, video_id: str, frame: int) -> Path:
        """uint16 PNG, height × width: track · PARTS_A_TRACK + part."""
        return self.parts / video_id / f"f{frame:06d}.png"

    def crop_parts(self, crop_path: str) -> Path:
        """The mask of a crop, by its path in the crops table: uint8 PNG with the body parts of its person.

        >>> Truth(Path("truth")).crop_parts("images/v/t00001_f000030.jpg").as_posix()
        'truth/parts/v/t00001_f000030.png'
        """
        *_, folder, name = ("", *Path(crop_path).parts)
        return self.parts / folder / f"{Path(name).stem}.png"


@dataclass(frozen=True)
class Campus:
    """The settings of a campus, and whether it is complete. settings: those that determine the bytes."""

    settings: dict[str, Any]
    videos: tuple[str, ...]
    truth_only: bool
    complete: bool

    def write(self, path: Path) -> None:
        tree = {"schema": SCHEMA, **asdict(self)}
        write_text(path, json.dumps(tree, indent=1, sort_keys=True) + "\n")

    @classmethod
    def read(cls, path: Path) -> Campus | None:
        """None if there is no file; `InputError` if it is not a campus record."""
        if not path.is_file():
            return None
        try:
            tree = json.loads(path.read_text(encoding="utf-8"))
            if tree.pop("schema") != SCHEMA:
                raise KeyError("schema")
            return cls(**{**tree, "videos": tuple(tree["videos"])})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path} is not a record of a synthetic campus",
                hint="Delete the folder that contains it, or choose another --workspace.",
            ) from error
