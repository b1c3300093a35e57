"""Camera, view and box of crops as network inputs, or an error that names the option to supply them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.errors import InputError
from agreid_cli.records.box_cues import Cues
from agreid_cli.records.crops import VIEW_OF_PLATFORM
from agreid_cli.records.side import BOX, NO_SIDE, OPTION_OF_NEED, VIEWS, Side
from agreid_cli.training.facts import Facts

Ints = npt.NDArray[np.int64]
UNKNOWN = -1
SHOWN = 5


@dataclass(frozen=True)
class SideColumns:
    """For N crops, int64 N, and float32 N×8 for the box; None if the network does not need it."""

    camera: Ints | None = None
    view: Ints | None = None
    box: Cues | None = None

    def of(self, rows: slice | Ints, device: torch.device | str = "cpu") -> Side:
        """For some crops, on a device."""
        columns = vars(self).values()
        if all(column is None for column in columns):
            return NO_SIDE
        return Side(
            *(None if column is None else torch.from_numpy(column[rows]).to(device) for column in columns)
        )

    def rows(self, part: slice) -> SideColumns:
        """Of some neighbouring crops."""
        return SideColumns(*(None if c is None else c[part] for c in vars(self).values()))


def side_columns(
    needs: Collection[str],
    facts: Facts,
    *,
    camid: Sequence[int | None],
    platform: Sequence[str | None],
    run: str,
    box: Cues | None = None,
) -> SideColumns:
    """The side information of crops for the network of `run`; `InputError` if it is unknown or was not
    trained.

    camid, platform: one value per crop, None if unknown. box: those of `records.box_cues`.
    """
    columns: dict[str, Any] = {}
    if BOX in needs:
        if box is None:
            raise ValueError("the boxes of the crops are missing")
        columns["box"] = box
    if "view" in needs:
        _must_be_known("view", sum(name is None for name in platform), len(platform), run)
        views = [VIEW_OF_PLATFORM.get(str(name), str(name)) for name in platform]
        strange = sorted(set(views) - set(facts.views))
        if strange:
            raise InputError(
                f"the run '{run}' needs the view of each crop, but it was trained on {_listed(facts.views)} "
                f"crops, not on {_listed(strange)} ones",
                hint="Use a run that was trained on both views.",
            )
        columns["view"] = np.array([VIEWS.index(view) for view in views], np.int64)
    if "camera" in needs:
        _must_be_known("camera", sum(number is None for number in camid), len(camid), run)
        numbers = np.array([UNKNOWN if number is None else number for number in camid], np.int64)
        columns["camera"] = camera_rows(numbers, facts.cameras)
        lost = numbers[columns["camera"] == UNKNOWN]
        if len(lost):
            raise InputError(
                f"the run '{run}' needs the camera of each crop, but {len(lost)} of {len(numbers)} crops are "
                f"from cameras that it was not trained on: camid {_listed(np.unique(lost).tolist())}",
                hint=f"It was trained on camid {_listed(facts.cameras)}. Methods by view need no camera.",
            )
    return SideColumns(**columns)


def camera_rows(camid: Ints, cameras: Sequence[int]) -> Ints:
    """The index of each camid in `cameras`, which is ascending; -1 if it is missing.

    >>> camera_rows(np.array([3, 0, 5]), (0, 3)).tolist()
    [1, 0, -1]
    """
    known = np.asarray(cameras, np.int64)
    if not len(known):
        return np.full(len(camid), UNKNOWN, np.int64)
    at = np.searchsorted(known, camid).clip(max=len(known) - 1)
    return np.where(known[at] == camid, at, UNKNOWN).astype(np.int64)


def _must_be_known(need: str, missing: int, n: int, run: str) -> None:
    if missing:
        of = "this image" if n == 1 else f"{missing} of {n} crops"
        value = {"view": "PLATFORM (uav, cctv or wearable)", "camera": "NUMBER"}[need]
        raise InputError(
            f"the run '{run}' needs the {need} of each crop, but that of {of} is unknown",
            hint=f"Give it with: {OPTION_OF_NEED[need]} {value}",
        )


def _listed(values: Sequence[Any]) -> str:
    more = " …" if len(values) > SHOWN else ""
    return ", ".join(map(str, values[:SHOWN])) + more
