"""CLIP-ReID (Li et al., AAAI 2023): stage 1 learns a description of each identity, stage 2 the encoder."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen
from agreid_cli.config.train import TrainConfig
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.tokens import Additions
from agreid_cli.nn.heads.clip_reid import ClipReidHead
from agreid_cli.nn.model import ReidModel
from agreid_cli.nn.schemes import CLIP_REID
from agreid_cli.nn.tokens.side_table import SideTable
from agreid_cli.nn.weights import WeightReport
from agreid_cli.progress import Progress
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.facts import Facts
from agreid_cli.training.methods.clip_towers import HALF, ClipWeights, TextSize, clip_weights
from agreid_cli.training.methods.common import build, prepared, resolve, table_width
from agreid_cli.training.methods.descriptions import Stage1, learn_descriptions
from agreid_cli.training.methods.method import Method, options_of
from agreid_cli.training.objective import Terms, identity_terms
from agreid_cli.training.trainee import Data, Trainee


class ClipReidOptions(Frozen):
    """stride, sie: as in TransReID, but side information is added only to the class token.

    text: the size of the text tower. descriptions: whether stage 1 learns one per identity; without, this is
    the authors' image-only baseline. id_weight: weight of each cross-entropy after a neck (0.25; 1 without
    texts).
    """

    stride: int = Field(0, ge=0)
    sie: Literal["none", "camera", "view", "camera-view"] = "none"
    sie_weight: float = Field(1.0, gt=0)
    text: TextSize = TextSize()
    descriptions: bool = True
    id_weight: float = Field(0.25, ge=0)
    stage1: Stage1 = Stage1()


def prepare(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Data, Trainee]:
    """The training part of the split, and the network; its descriptions are learned before the first step.

    Without a step they are not needed.
    """
    data, trainee = prepared(workspace, config, progress, network=network, terms=terms)
    options = options_of(config, ClipReidOptions)
    if options.descriptions and config.schedule.epochs:
        clip_weights(config).tower(options.text)  # so that a wrong file is refused before the run begins
        first = partial(learn_descriptions, data, config, options.stage1, options.text, progress=progress)
        trainee = replace(trainee, first=first)
    return data, trainee


def network(config: TrainConfig, facts: Facts) -> ReidModel:
    """The network that the configuration describes."""
    options = options_of(config, ClipReidOptions)
    table = None
    if options.sie != "none":
        table = SideTable(
            options.sie, cameras=len(facts.cameras), width=table_width(config), weight=options.sie_weight,
            everywhere=False,
        )  # fmt: skip
    weights: list[ClipWeights] = []

    def head(backbone: Backbone) -> ClipReidHead:
        made = ClipReidHead(
            backbone, n_ids=facts.n_ids, width=options.text.output, text=options.descriptions,
            id_weight=options.id_weight,
        )  # fmt: skip
        for found in weights:
            found.project(made.projection)
        return made

    def load(backbone: Backbone) -> WeightReport:
        weights.append(clip_weights(config))
        return weights[0].into(backbone)

    return build(
        config, Additions(stride=options.stride or None, table=table), head, CLIP_REID, statistics=HALF,
        load=load,
    )  # fmt: skip


def terms(config: TrainConfig, facts: Facts) -> Terms:
    """Cross-entropies with label smoothing over all classes, and a triplet loss on each of three vectors."""
    return identity_terms(config.loss, ce={"spread": "all"})


METHOD = Method(prepare=prepare, network=network, resolve=resolve, options=ClipReidOptions)
