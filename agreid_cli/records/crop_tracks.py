"""The track of each crop, and what was measured on the crop, from a manifest or a crops table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from agreid_cli.errors import InputError, MissingError

#: Measured when a crop is cut; null in many data sets.
SIGNALS = ("score", "in_frame", "sharpness")
SUPPLIED_BY = (
    "Tracks are numbered by agreid extract-crops and agreid synth, and build-manifest keeps them. "
    "import-dataset keeps those of ag-vpreid and detreidx; import those again if the manifest is older."
)
Signals = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class CropTracks:
    """crop_id → (video_id, track_id), of crops that belong to a track; crop_id → `SIGNALS`, of all crops."""

    track: Mapping[str, tuple[str, int]]
    signals: Mapping[str, Signals]


def crop_tracks(table: pa.Table, path: Path) -> CropTracks:
    """From the table that was read from `path`; `InputError` if none of its crops belongs to a track."""
    absent = [name for name in ("video_id", "track_id") if not table[name].is_valid().to_numpy().any()]
    crops = table["crop_id"].to_pylist()
    tracked = zip(crops, table["video_id"].to_pylist(), table["track_id"].to_pylist(), strict=True)
    track = {crop: (video, int(n)) for crop, video, n in tracked if video is not None and n is not None}
    if not track:
        what = f"columns {' and '.join(absent)} are empty" if absent else "video_id or track_id is empty"
        raise InputError(f"{path} has no tracks: {what} for every crop", hint=SUPPLIED_BY)
    signals = zip(*(table[name].to_pylist() for name in SIGNALS), strict=True)
    return CropTracks(track, dict(zip(crops, signals, strict=True)))


def missing_tracks(path: Path) -> MissingError:
    """The error of a workspace without a manifest, to be raised."""
    return MissingError(f"tracks are read from the manifest, and {path} does not exist", hint=SUPPLIED_BY)
