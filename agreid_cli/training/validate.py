"""Validation during training: ranks embedded crops like `agreid evaluate`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError
from agreid_cli.metrics.protocol import Lists, directions_in, fingerprint, sides
from agreid_cli.metrics.scoring import ranked, result
from agreid_cli.progress import SILENT
from agreid_cli.records.box_cues import Cues
from agreid_cli.records.directions import find_direction
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.manifest import Known
from agreid_cli.training.embed import Crops, SidedCrops
from agreid_cli.training.facts import Facts
from agreid_cli.training.side import side_columns


@dataclass(frozen=True)
class Testing:
    """The crops in the order of their embeddings, their data from the manifest, and their roles.

    Without lists every crop of the direction's platforms is a query or a gallery crop.
    """

    crop_id: tuple[str, ...]
    known: tuple[Known, ...]
    lists: Lists | None
    who: str = "test"  # or "held-out": training people excluded from training
    box: Cues | None = None  # of `records.box_cues`

    def embeddings(self, features: npt.NDArray[np.float32]) -> Embeddings:
        """The embedding set to rank."""
        return Embeddings(
            blocks=(features,),
            crop_id=_objects(self.crop_id),
            pid=np.array([k.pid for k in self.known], np.int64),
            camid=np.array([k.camid for k in self.known], np.int64),
            platform=_objects([k.platform for k in self.known]),
            role=_objects([None] * len(self.known)),
        )


def sided(testing: Testing, crops: Crops, *, needs: Collection[str], facts: Facts, run: str) -> SidedCrops:
    """The crops with the side information that the run's network needs; `InputError` if it is unknown."""
    side = side_columns(
        needs, facts, camid=[k.camid for k in testing.known], platform=[k.platform for k in testing.known],
        run=run, box=testing.box,
    )  # fmt: skip
    return SidedCrops(crops, side)


def validate(
    testing: Testing, features: npt.NDArray[np.float32], *, directions: Sequence[str], metric: str
) -> list[dict[str, Any]]:
    """One dict per direction: direction, mAP, rank1, mINP, fingerprint, n_valid.

    Directions that this split cannot rank are left out; if none is left, the first possible one is used.
    """
    config = EvaluateConfig.model_validate({"metric": metric})
    embeddings = testing.embeddings(features)
    can = directions_in(embeddings, testing.lists)
    names = [name for name in (find_direction(word).name for word in directions) if name in can] or can[:1]
    found = []
    for name in names:
        try:
            chosen = sides(embeddings, find_direction(name), testing.lists)
        except InputError:
            continue  # no query of this direction has a match
        mark = fingerprint(chosen, embeddings.crop_id)
        ranks, _ = ranked(embeddings, chosen, config, SILENT, top=False)
        scored = result(ranks, embeddings, chosen, config, fingerprint=mark, source="")
        found.append(
            {
                "direction": name,
                "mAP": scored.mAP,
                "rank1": scored.rank(1),
                "mINP": scored.mINP,
                "n_valid": scored.n_valid,
                "fingerprint": mark,
            }
        )
    return found


def mean_figure(found: Sequence[dict[str, Any]], name: str) -> float | None:
    """The mean over directions of mAP, rank1 or mINP, used to choose the best weights."""
    return float(np.mean([row[name] for row in found])) if found else None


def _objects(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    out = np.empty(len(values), object)
    out[:] = values
    return out
