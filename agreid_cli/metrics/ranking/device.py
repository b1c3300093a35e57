"""The scan in torch on one device: only counts and the few uncertain cases are copied back.

Uncertain cases are resolved in double precision on the CPU, as always, so a GPU does not change the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError
from agreid_cli.metrics.ranking.features import Index
from agreid_cli.metrics.ranking.frame import SLICE, Block, Float32
from agreid_cli.metrics.ranking.matches import SamePid
from agreid_cli.metrics.ranking.scan import Flat, Thresholds, Unsure, count_at_least


@dataclass(frozen=True)
class DeviceEngine:
    """Scans the gallery on a torch device, "cuda" or "cpu"."""

    device: str
    tile = 1 << 15

    def load(self, block: Block) -> _Loaded:
        """Copy a block of the gallery to the device."""
        return _Loaded(
            *(None if x is None else self._tensor(x) for x in (block.rows, block.gain, block.shift))
        )

    def count(
        self,
        query: Float32,
        loaded: _Loaded,
        part: slice,
        same: SamePid,
        index: Index,
        thresholds: Thresholds,
    ) -> tuple[Flat, list[Unsure]]:
        """Score a tile, hide the items with the query's own pid, count."""
        import torch

        with torch.inference_mode():
            row, item = same.pairs(index)
            score = self._scores(query, loaded.part(part))
            score[torch.from_numpy(row).to(self.device), torch.from_numpy(item).to(self.device)] = -torch.inf
            start, low, high = thresholds.start, thresholds.low, thresholds.high
            place = np.arange(len(low)) - np.repeat(start[:-1], np.diff(start))
            owner = np.repeat(np.arange(len(index)), np.diff(start))
            reach, under_low = self._reach(score, low, owner, place)
            above, under_high = self._reach(score, high, owner, place)
            # An item between `low` and `high` of a match has passed one threshold more than it is above.
            found = (under_low != under_high).nonzero()
            item_row, item = (found[:, i].cpu().numpy().astype(np.intp) for i in (0, 1))
            value = score[found[:, 0], found[:, 1]].cpu().numpy()
        match = np.flatnonzero(above != reach)
        if not len(match):
            return above, []
        doubtful = count_at_least(item_row, value, owner[match], low[match])
        return above, [Unsure(item_row, item, owner[match], match, reach[match] - doubtful)]

    def multiply(self, a: Float32, b: Float32, out: Float32) -> None:
        """The plain product, for what is not scanned on the device."""
        import torch

        with torch.inference_mode():
            torch.from_numpy(out).copy_(self._tensor(a) @ self._tensor(b).T)

    def _scores(self, query: Float32, block: _Loaded) -> Any:
        import torch

        left = self._tensor(query)
        out = left[:, :SLICE] @ block.rows[:, :SLICE].T
        for column in range(SLICE, query.shape[1], SLICE):
            part = slice(column, column + SLICE)
            torch.addmm(out, left[:, part], block.rows[:, part].T, out=out)
        if block.gain is not None:
            out.mul_(block.gain)
        if block.shift is not None:
            out.add_(block.shift)
        return out

    def _reach(self, score: Any, bound: Float32, owner: Flat, place: Flat) -> tuple[Flat, Any]:
        """How many scores of its row are at least each `bound`; and how many bounds each score reaches."""
        import torch

        order = np.lexsort((bound, owner))
        table = np.full((len(score), int(place.max()) + 1), np.inf, np.float32)
        table[owner, place] = bound[order]
        passed = torch.searchsorted(self._tensor(table), score, right=True, out_int32=True)
        width = table.shape[1] + 1
        cells = torch.arange(0, len(score) * width, width, device=self.device)[:, None] + passed
        counts = torch.bincount(cells.flatten(), minlength=len(score) * width).reshape(len(score), width)
        # Scores that pass k + 1 bounds or more are at least the k-th.
        at_least = counts.flip(1).cumsum(1).flip(1)[:, 1:].cpu().numpy()
        reach = np.empty(len(bound), np.intp)
        reach[order] = at_least[owner, place]
        return reach, passed

    def _tensor(self, array: npt.NDArray[Any]) -> Any:
        import torch

        return torch.from_numpy(array if array.flags.writeable else array.copy()).to(self.device)


@dataclass(frozen=True)
class _Loaded:
    rows: Any
    gain: Any
    shift: Any

    def part(self, part: slice) -> _Loaded:
        return _Loaded(*(None if x is None else x[part] for x in (self.rows, self.gain, self.shift)))


@contextmanager
def full_precision() -> Iterator[None]:
    """Disable TF32 inside: with its ten bits nearly every order would be uncertain."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def device_engine(engine: str) -> DeviceEngine:
    """The engine on the device named by "torch:DEVICE"; `InputError` if torch cannot use it."""
    import torch

    name = engine.partition(":")[2]
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"torch cannot use the device '{name}': {reason}", hint="Leave the engine out to rank on the CPU."
        ) from error
    return DeviceEngine(name)
