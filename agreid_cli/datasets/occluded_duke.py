"""Occluded-Duke (ICCV 2019): the images of DukeMTMC-reID in a new split, with occluded queries.

Folders and names are those of DukeMTMC-reID, so only the counts tell the two apart.
"""

from __future__ import annotations

from agreid_cli.datasets.duke_mtmc import CAMIDS, layout
from agreid_cli.datasets.rows import Dataset, Reading

_README = "README of the data set"
OCCLUDED_DUKE = Dataset(
    name="occluded-duke",
    title="Occluded-Duke (ICCV 2019)",
    layouts=(
        layout(
            {
                "train": Reading(_README, 15_618, 702),
                "query": Reading(_README, 2_210, 519),
                "gallery": Reading(_README, 17_661, 1_110),
            }
        ),
    ),
    camids=CAMIDS,
)
