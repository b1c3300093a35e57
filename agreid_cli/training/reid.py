"""From a configuration to the re-ID network and its objective; and the same network again from a file."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from agreid_cli.config.train import TrainConfig
from agreid_cli.nn.backbones.backbone import Tail
from agreid_cli.nn.model import ReidModel, build_model
from agreid_cli.nn.spec import spec_from
from agreid_cli.training.checkpoint import fill
from agreid_cli.training.network import Trainee
from agreid_cli.training.objective import ReidObjective


def make_trainee(config: TrainConfig, n_ids: int) -> Trainee:
    """The network with its pretrained weights, and its objective, for `n_ids` identities."""
    model = build_model(spec_from(config.model, config.loss), n_ids)
    return Trainee(model, ReidObjective(config.loss), backbone_parts(model), {"n_ids": str(n_ids)})


def make_trained(
    config: TrainConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, str], source: str
) -> ReidModel:
    """The network of a weight file; `InputError` when the file was made by another one."""
    blank = config.model.model_copy(update={"weights": "none"})  # they come from the file
    model = build_model(spec_from(blank, config.loss), int(facts["n_ids"]))
    fill(model, tensors, source)
    return model


def backbone_parts(model: ReidModel) -> list[nn.Module]:
    """The stem, every copy of the late stages, and the fc layer: what came with pretrained weights."""
    shared = [part for name in ("trunk", "fc") if (part := getattr(model.head, name, None)) is not None]
    tails = [module for module in model.head.modules() if isinstance(module, Tail)]
    return [model.backbone, *shared, *tails]
