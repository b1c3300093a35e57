"""Readers of public data sets, and exporters to the layouts of other programs.

A data set is one line here and one file in this folder; so is an export format (`to_<name>.py`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from agreid_cli.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from agreid_cli.datasets.annotation_files import ToolReader
    from agreid_cli.datasets.formats import Planner
    from agreid_cli.datasets.rows import Dataset

DATASETS = {
    "ag-reid": "agreid_cli.datasets.ag_reid:AG_REID",
    "ag-reid-v2": "agreid_cli.datasets.ag_reid_v2:AG_REID_V2",
    "ag-vpreid": "agreid_cli.datasets.ag_vpreid:AG_VPREID",
    "cargo": "agreid_cli.datasets.cargo:CARGO",
    "cp2108": "agreid_cli.datasets.cp2108:CP2108",
    "cuhk03-np": "agreid_cli.datasets.cuhk03_np:CUHK03_NP",
    "detreidx": "agreid_cli.datasets.detreidx:DETREIDX",
    "duke-mtmc": "agreid_cli.datasets.duke_mtmc:DUKE_MTMC",
    "g2aps-reid": "agreid_cli.datasets.g2aps_reid:G2APS_REID",
    "lagper": "agreid_cli.datasets.lagper:LAGPER",
    "market-1501": "agreid_cli.datasets.market_1501:MARKET_1501",
    "msmt17": "agreid_cli.datasets.msmt17:MSMT17",
    "occluded-duke": "agreid_cli.datasets.occluded_duke:OCCLUDED_DUKE",
    "prai-1581": "agreid_cli.datasets.prai_1581:PRAI_1581",
    "uav-human": "agreid_cli.datasets.uav_human:UAV_HUMAN",
    "veri-776": "agreid_cli.datasets.veri_776:VERI_776",
}
#: The user's own crops, read by the same command. A list of crops is read by the stage.
OWN = {"folder": "agreid_cli.datasets.own_folder:FOLDER"}
FORMATS = {
    "ag-reid": "agreid_cli.datasets.to_ag_reid:plan",
    "coco": "agreid_cli.datasets.to_coco:plan",
    "cvat": "agreid_cli.datasets.to_cvat:plan",
    "label-studio": "agreid_cli.datasets.to_label_studio:plan",
    "market-1501": "agreid_cli.datasets.to_market_1501:plan",
    "mot": "agreid_cli.datasets.to_mot:plan",
}
#: Tools whose annotations can be imported.
TOOLS = {
    "cvat": "agreid_cli.datasets.from_cvat:read",
    "label-studio": "agreid_cli.datasets.from_label_studio:read",
}


def dataset(name: str, *, also: tuple[str, ...] = ()) -> Dataset:
    """The data set of that name; `InputError` lists the choices, and `also`, when there is none."""
    found: Dataset = _find(name, DATASETS | OWN, "data set", also)
    return found


def planner(name: str) -> Planner:
    """The `plan` of a format; `InputError` lists the choices if it is unknown."""
    found: Planner = _find(name, FORMATS, "format")
    return found


def tool_reader(name: str) -> ToolReader:
    """The `read` of an annotation tool; `InputError` lists the choices if it is unknown."""
    found: ToolReader = _find(name, TOOLS, "annotation tool")
    return found


def _find(name: str, table: dict[str, str], what: str, also: tuple[str, ...] = ()) -> Any:
    target = table.get(name.lower())
    if target is None:
        raise InputError(
            f"unknown {what} '{name}'{did_you_mean(name, (*table, *also))}",
            hint=f"Known: {', '.join((*table, *also))}",
        )
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
