"""Re-identification with a backbone and a head: identity classification and triplets."""

from __future__ import annotations

from torch import nn

from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import Problems
from agreid_cli.nn.backbones.backbone import Tail
from agreid_cli.nn.model import ReidModel, build_model, check_model
from agreid_cli.nn.spec import spec_from
from agreid_cli.progress import Progress
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.facts import Facts, facts_of
from agreid_cli.training.intake import load_training
from agreid_cli.training.methods.method import Method
from agreid_cli.training.objective import Objective, check_terms, terms_of
from agreid_cli.training.stored import with_fc
from agreid_cli.training.trainee import Data, Trainee


def prepare(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Data, Trainee]:
    """The training part of the split, and the network with its pretrained weights."""
    samples, images, held_out = load_training(workspace, config, progress=progress)
    return Data(samples, images), make_trainee(config, facts_of(samples, held_out))


def make_trainee(config: TrainConfig, facts: Facts) -> Trainee:
    """The network with its pretrained weights, and its objective."""
    model = network(config, facts)
    terms = terms_of(config.loss, n_ids=facts.n_ids, width=model.head.metric_dim)
    return Trainee(
        model,
        Objective(terms),
        facts,
        backbone=backbone_parts(model),
        loaded=model.loaded,
        config=with_fc(config, model.backbone.traits.fc),
    )


def network(config: TrainConfig, facts: Facts) -> ReidModel:
    """The network described by the configuration."""
    return build_model(spec_from(config.model, config.loss), facts.n_ids)


def resolve(workspace: Workspace, config: TrainConfig, run: Run) -> TrainConfig:
    """The configuration unchanged; `InputError` if backbone, head, pooling, loss and batch do not fit."""
    check_batch(config)
    check_terms(config.loss)
    check_model(spec_from(config.model, config.loss))
    return config


def check_batch(config: TrainConfig) -> None:
    """`InputError` if the batch cannot contain a triplet but the loss needs one."""
    problems = Problems()
    if config.loss.triplet.kind != "none" and config.loss.triplet.weight:
        if config.data.k < 2:
            problems.add("data.k", "triplets need two crops of an identity, so k must be at least 2")
        if config.data.p < 2:
            problems.add("data.p", "triplets need two identities, so p must be at least 2")
    problems.raise_if_any("the batch is too small for the triplet loss")


def backbone_parts(model: ReidModel) -> list[nn.Module]:
    """The stem, every copy of the late stages, and the fc layer: the pretrained parts."""
    shared = [part for name in ("trunk", "fc") if (part := getattr(model.head, name, None)) is not None]
    tails = [module for module in model.head.modules() if isinstance(module, Tail)]
    return [model.backbone, *shared, *tails]


METHOD = Method(prepare=prepare, network=network, resolve=resolve)
