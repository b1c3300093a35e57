"""The table of methods. Importing it does not load torch.

A method is one file here and one line in the table. The file's `METHOD` defines how its network is built and
trained, see `method.Method`; a run names it as `method.name`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agreid_cli.config.train import TrainConfig
    from agreid_cli.training.methods.method import Method

METHODS = {
    "reid": "agreid_cli.training.methods.reid:METHOD",
    "explain": "agreid_cli.training.methods.explain:METHOD",
    "transreid": "agreid_cli.training.methods.transreid:METHOD",
    "vdt": "agreid_cli.training.methods.vdt:METHOD",
    "secap": "agreid_cli.training.methods.secap:METHOD",
    "clip-reid": "agreid_cli.training.methods.clip_reid:METHOD",
    "latex": "agreid_cli.training.methods.latex:METHOD",
}


def method_of(config: TrainConfig) -> Method:
    """The method named in a configuration; `InputError` lists the names."""
    from agreid_cli.nn.tables import part

    method: Method = part(METHODS, config.method.name, what="method")
    return method
