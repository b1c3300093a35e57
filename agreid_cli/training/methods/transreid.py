"""TransReID (He et al., ICCV 2021): side-information embeddings, jigsaw patches, overlapping patches."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen
from agreid_cli.config.train import TrainConfig
from agreid_cli.nn.backbones.tokens import Additions
from agreid_cli.nn.heads.transreid import TransReidHead
from agreid_cli.nn.model import ReidModel
from agreid_cli.nn.schemes import TRANSREID
from agreid_cli.nn.tokens.side_table import SideTable
from agreid_cli.progress import Progress
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.facts import Facts
from agreid_cli.training.methods.common import build, prepared, resolve, table_width
from agreid_cli.training.methods.method import Method, options_of
from agreid_cli.training.objective import Terms, identity_terms
from agreid_cli.training.trainee import Data, Trainee


class TransReidOptions(Frozen):
    """stride: of the patches in pixels; 0: the patch size, without overlap.

    sie: what the side-information embeddings depend on. With camera, test crops must come from training
    cameras. sie_weight: λ. jpm: use the jigsaw patch module.
    """

    stride: int = Field(0, ge=0)
    sie: Literal["none", "camera", "view", "camera-view"] = "view"
    sie_weight: float = Field(3.0, gt=0)
    jpm: bool = True


def prepare(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Data, Trainee]:
    """The training part of the split, and the network with its pretrained weights."""
    return prepared(workspace, config, progress, network=network, terms=terms)


def network(config: TrainConfig, facts: Facts) -> ReidModel:
    """The network that the configuration describes."""
    options = options_of(config, TransReidOptions)
    table = None
    if options.sie != "none":
        table = SideTable(
            options.sie, cameras=len(facts.cameras), width=table_width(config), weight=options.sie_weight
        )
    return build(
        config,
        Additions(stride=options.stride or None, table=table),
        lambda backbone: TransReidHead(backbone, n_ids=facts.n_ids, jpm=options.jpm),
        TRANSREID,
    )


def terms(config: TrainConfig, facts: Facts) -> Terms:
    """Cross-entropy and triplet, each weighted by the head."""
    return identity_terms(config.loss)


METHOD = Method(prepare=prepare, network=network, resolve=resolve, options=TransReidOptions)
