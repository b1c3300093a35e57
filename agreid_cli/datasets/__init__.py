"""Public data sets → rows, one file each. A data set is one line here and one file in this folder."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from agreid_cli.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from agreid_cli.datasets.rows import Dataset

DATASETS = {
    "ag-reid": "agreid_cli.datasets.ag_reid:AG_REID",
    "ag-reid-v2": "agreid_cli.datasets.ag_reid_v2:AG_REID_V2",
    "cargo": "agreid_cli.datasets.cargo:CARGO",
    "market-1501": "agreid_cli.datasets.market_1501:MARKET_1501",
    "prai-1581": "agreid_cli.datasets.prai_1581:PRAI_1581",
    "uav-human": "agreid_cli.datasets.uav_human:UAV_HUMAN",
}


def dataset(name: str) -> Dataset:
    """The data set of that name; `InputError` lists the choices when there is none."""
    target = DATASETS.get(name.lower())
    if target is None:
        raise InputError(
            f"'{name}' is no data set that agreid reads{did_you_mean(name, DATASETS)}",
            hint=f"Known: {', '.join(DATASETS)}",
        )
    module, _, attribute = target.partition(":")
    found: Dataset = getattr(importlib.import_module(module), attribute)
    return found
