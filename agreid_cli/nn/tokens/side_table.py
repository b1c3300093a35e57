"""Side-information embeddings (SIE): a learned vector per camera, per view, or per pair of both."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.records.side import VIEWS, Side

#: What a table is indexed by → the side information that it needs.
NEEDS = {
    "camera": frozenset({"camera"}),
    "view": frozenset({"view"}),
    "camera-view": frozenset({"camera", "view"}),
}


class SideTable(nn.Module):
    """tokens + weight · row of the crop (TransReID, Eq. 3).

    by: camera, view or camera-view (row = camera · 2 + view). everywhere: added to all tokens (TransReID), or
    only to the class token (CLIP-ReID). Rows are initialised from a truncated normal, σ 0.02.
    """

    def __init__(self, by: str, *, cameras: int, width: int, weight: float, everywhere: bool = True) -> None:
        super().__init__()
        if by not in NEEDS:
            raise InputError(f"side information by '{by}'; allowed: {', '.join(NEEDS)}")
        rows = {"camera": cameras, "view": len(VIEWS), "camera-view": cameras * len(VIEWS)}[by]
        if rows < 2:
            raise InputError(
                "side information by camera needs at least two training cameras, but there is one",
                hint="Use the view, or none: --set method.options.sie=none",
            )
        self.by, self.needs, self.weight, self.everywhere = by, NEEDS[by], weight, everywhere
        self.rows = nn.Parameter(torch.empty(rows, 1, width))
        nn.init.trunc_normal_(self.rows, std=0.02)

    def forward(self, tokens: Tensor, side: Side | None) -> Tensor:
        """tokens: B×T×D, the class token first; side: the values that `needs` lists."""
        if side is None or not all(side.has(need) for need in self.needs):
            raise ValueError(f"this network needs {' and '.join(sorted(self.needs))} of each crop")
        row = side.view if self.by == "view" else side.camera
        if self.by == "camera-view":
            row = side.camera * len(VIEWS) + side.view  # type: ignore[operator]
        added = self.weight * self.rows[row]
        if self.everywhere:
            return tokens + added
        return torch.cat([tokens[:, :1] + added, tokens[:, 1:]], dim=1)
