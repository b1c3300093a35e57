"""What the token-based methods share: building, loading published checkpoints, and refusing unfit data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, Problems
from agreid_cli.nn.backbones.backbone import Backbone, Three
from agreid_cli.nn.backbones.tokens import Additions, Run, token_backbone
from agreid_cli.nn.model import ReidModel
from agreid_cli.nn.published import Scheme, load_published
from agreid_cli.nn.weight_files import read_weights
from agreid_cli.nn.weights import WeightReport, load_pretrained
from agreid_cli.progress import Progress
from agreid_cli.records.runs import Run as RunFolder
from agreid_cli.records.side import VIEWS
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.facts import Facts, facts_of
from agreid_cli.training.intake import load_training
from agreid_cli.training.methods.reid import backbone_parts, check_batch
from agreid_cli.training.objective import Objective, Terms, check_terms, identity_terms, with_configured
from agreid_cli.training.samples import Samples
from agreid_cli.training.terms import make_term
from agreid_cli.training.trainee import Data, Trainee

#: Settings of other heads and backbones → the values under which nothing of them is asked for.
USED: dict[str, tuple[Any, ...]] = {
    "model.head": ("bot",), "model.pool": ("token",), "model.metric_feature": ("before",),
    "model.embedding": ("after",), "model.fc": ("auto", 0), "model.last_stride": (1,), "model.ibn": (False,),
    "model.non_local": (False,), "loss.classifier": ("linear",),
}  # fmt: skip


def build(
    config: TrainConfig,
    added: Additions,
    make_head: Callable[[Backbone], nn.Module],
    scheme: Scheme,
    *,
    statistics: Three | None = None,
    kind: Callable[..., ReidModel] = ReidModel,
    load: Callable[[Backbone], WeightReport] | None = None,
) -> ReidModel:
    """The network of a configuration, with its pretrained weights or a published checkpoint of the method.

    statistics: mean and deviation for normalising images, if not the backbone's own. load: copies pretrained
    weights into the backbone, if not as usual by `model.weights`.
    """
    refuse_unused(config)
    model = config.model
    backbone = token_backbone(model.backbone, size=model.size, drop_path=model.drop_path, added=added)
    if statistics is not None:
        backbone.mean = backbone.std = statistics
    state = read_weights(Path(model.weights)) if Path(model.weights).is_file() else None
    grid = backbone.traits.grid
    assert grid is not None
    if state is not None and scheme.fits(state):
        made = kind(backbone, make_head(backbone))
        made.loaded = load_published(made, state, scheme, source=model.weights, grid=grid)
        return made
    loaded = load(backbone) if load else load_pretrained(backbone, model.weights)
    return kind(backbone, make_head(backbone), loaded=loaded)


def resolve(workspace: Workspace, config: TrainConfig, run: RunFolder) -> TrainConfig:
    """The configuration as it is; `InputError` for whatever can be refused before a crop is read."""
    refuse_unused(config)
    check_batch(config)
    check_terms(config.loss)
    table_width(config)
    return config


def refuse_unused(config: TrainConfig) -> None:
    """`InputError` listing the settings of network and loss that these methods would not use."""
    problems = Problems()
    for name, used in USED.items():
        value: Any = config
        for part in name.split("."):
            value = getattr(value, part)
        if value not in used:
            problems.add(name, f"is {value}, and the method has its own; set it to {used[0]}")
    problems.raise_if_any(f"settings that the method '{config.method.name}' does not use: {{n}}")


def table_width(config: TrainConfig) -> int:
    """The width of the backbone's tokens, without building its weights."""
    import torch

    with torch.device("meta"):
        backbone = token_backbone(config.model.backbone, size=config.model.size)
    return backbone.channels


def prepared(
    workspace: Workspace,
    config: TrainConfig,
    progress: Progress,
    *,
    network: Callable[[TrainConfig, Facts], Any],
    terms: Callable[[TrainConfig, Facts], Terms],
    both_views: bool = False,
) -> tuple[Data, Trainee]:
    """The training part of the split and the trainee of a method that has no further state."""
    samples, images, held_out = load_training(workspace, config, progress=progress)
    if both_views:
        need_both_views(samples, config.method.name)
    facts = facts_of(samples, held_out)
    model = network(config, facts)
    objective = objective_of(config, terms(config, facts), facts, model)
    trainee = Trainee(model, objective, facts, backbone=parts_of(model), loaded=model.loaded)
    return Data(samples, images), trainee


def objective_of(config: TrainConfig, own: Terms, facts: Facts, model: ReidModel) -> Objective:
    """The method's own terms, and those of `loss.terms`."""
    return Objective(with_configured(own, config.loss, n_ids=facts.n_ids, width=model.head.metric_dim))


def parts_of(model: ReidModel) -> list[nn.Module]:
    """The modules initialised from pretrained weights: the stem and every copy of late blocks."""
    runs = [module for module in model.head.modules() if isinstance(module, Run)]
    return [*backbone_parts(model), *runs]


def need_both_views(samples: Samples, method: str) -> None:
    """`InputError` with the counts if the training crops are all of one view."""
    counts = np.bincount(samples.view, minlength=len(VIEWS)).tolist()
    if not all(counts):
        said = ", ".join(f"{n} {view}" for n, view in zip(counts, VIEWS, strict=True))
        raise InputError(
            f"the method '{method}' learns from both views, and the training crops are {said}",
            hint="Use data of both views, or a recipe without a view token, such as bot-vit.",
        )


def fastreid_terms(config: TrainConfig, view_weight: float) -> Terms:
    """VDT's and SeCap's terms: fast-reid's forms of both losses, view classification, orthogonality."""
    soft = config.loss.triplet.kind == "soft"
    made = identity_terms(
        config.loss, ce={"skip_saturated": True}, triplet={"overflow_margin": 0.3} if soft else {}
    )
    made["view"] = (view_weight, make_term("view", {"skip_saturated": True}, n_ids=0, width=0))
    made["orthogonality"] = (view_weight, make_term("orthogonality", {}, n_ids=0, width=0))
    return made
