"""The shares that a command uses: those of the parts of the distance (the paper's), or expected ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agreid_cli.metrics.explain.calibration import over_typical
from agreid_cli.metrics.explain.expected import ExpectedShares
from agreid_cli.progress import Progress
from agreid_cli.records.calibration import CalibrationRecord
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.calibrate import calibration, not_calibrated, probabilities
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.pairs import Block

Floats = npt.NDArray[np.floating[Any]]
PAIRS_AT_A_TIME = 1 << 13
TIE = 1e-3  # the share of the uncalibrated probability in a ranking, where the logits say nothing


@dataclass(frozen=True)
class Sharing:
    """`name`: paper or expected. Without a calibration the probabilities are the sigmoids of the logits."""

    name: str
    sizes: tuple[int, ...]
    calibration: CalibrationRecord | None
    expected: ExpectedShares

    def probabilities(self, chances: Floats) -> npt.NDArray[np.float32]:
        """Sigmoids (n, M) → calibrated probabilities (n, M), if there is a calibration."""
        if self.calibration is None:
            return np.asarray(chances, np.float32)
        return probabilities(self.calibration, chances, self.sizes)

    def over_typical(self, chances: Floats) -> npt.NDArray[np.float64] | None:
        """The calibrated probabilities divided by powers of their means over held-out people, (n, M); None
        without a calibration."""
        if self.calibration is None or not len(self.calibration.typical):
            return None
        record = self.calibration
        return over_typical(self.probabilities(chances), record.typical, record.evenness)

    def for_ranking(self, chances: Floats) -> npt.NDArray[np.float32]:
        """The same for search: groups that fall back to their frequencies keep a thousandth of what the
        logits say, so that crops that would be tied are in the order of the logits."""
        sure = self.probabilities(chances)
        if self.calibration is None:
            return sure
        raw, start = np.asarray(chances, np.float32), 0
        for size, fit in zip(self.sizes, self.calibration.groups, strict=True):
            part = slice(start, start + size)
            if fit.sharpness == 0:
                own = raw[:, part] / np.maximum(raw[:, part].sum(axis=1, keepdims=True), 1e-9)
                sure[:, part] = (1 - TIE) * sure[:, part] + TIE * own
            start += size
        return sure

    def of_pairs(self, query: Floats, gallery: Floats) -> npt.NDArray[np.float32]:
        """Expected shares (P, M) of pairs with calibrated probabilities (P, M) each."""
        q, g = (torch.from_numpy(np.asarray(p, np.float32)) for p in (query, gallery))
        with torch.inference_mode():
            parts = [
                self.expected(q[at : at + PAIRS_AT_A_TIME], g[at : at + PAIRS_AT_A_TIME])
                for at in range(0, len(q), PAIRS_AT_A_TIME)
            ]
        return torch.cat(parts).numpy() if parts else np.zeros((0, q.shape[1]), np.float32)

    def on_differing(self, block: Block, query: Floats, gallery: Floats) -> Tensor:
        """(q, g): b, the share of the distance on attributes that probably differ, in the named shares.

        `query` (q, M) and `gallery` (g, M) are what `reweighting` gives.
        """
        if self.name == "paper":
            return block.on_differing(query, gallery)
        q, g = np.repeat(query, len(gallery), axis=0), np.tile(gallery, (len(query), 1))
        shares = self.of_pairs(q, g)
        b = (shares * (q + g - 2 * q * g)).sum(axis=1).reshape(len(query), len(gallery))
        return torch.from_numpy(b).to(block.d.device)

    def reweighting(self, chances: Floats) -> Floats:
        """The probabilities for re-weighting: the paper's form takes the sigmoids as they are."""
        return chances if self.name == "paper" else self.probabilities(chances)


def sharing(
    workspace: Workspace, opened: OpenStream, chosen: str, memory_mb: int, progress: Progress
) -> Sharing:
    """The shares `chosen`: paper, expected, or run for those that the run is configured with.

    Raises `InputError` for expected shares by name without a calibration; those of the run then give way to
    the paper's, with a warning.
    """
    config = opened.config.explain
    assert config is not None
    name = config.shares if chosen == "run" else chosen
    record = calibration(workspace, opened, memory_mb=memory_mb, progress=progress)
    if name == "expected" and record is None:
        if chosen == "expected":
            raise not_calibrated(opened)
        progress.warn(f"{not_calibrated(opened).message}: the shares of the parts are used instead")
        name = "paper"
    sizes = opened.codebook.sizes
    return Sharing(name, sizes, record, ExpectedShares(sizes, v=config.v))
