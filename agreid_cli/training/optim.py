"""The optimiser: parameter groups by kind (weight, bias, norm; backbone, head), and their rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from agreid_cli.config.optim import OptimConfig
from agreid_cli.training.trainee import Group


def parameter_groups(
    model: nn.Module,
    config: OptimConfig,
    *,
    is_backbone: Callable[[str], bool] = lambda name: False,
    own: Iterable[Group] = (),
) -> list[dict[str, Any]]:
    """Groups with `weight_decay` and `factor` (of the rate), in a fixed order; without frozen parameters.

    A norm's weight uses `norm_weight_decay`, every bias `bias_weight_decay` and `bias_lr_factor`; everything
    outside the backbone uses `head_lr_factor`. own: groups defined by a method; they come last.
    """
    made = [(group, [p for p in group.parameters if p.requires_grad]) for group in own]
    taken = {id(p) for _, parameters in made for p in parameters}
    norms = {name for name, module in model.named_modules() if "Norm" in type(module).__name__}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad or id(parameter) in taken:
            continue
        owner, _, leaf = name.rpartition(".")
        rate = 1.0 if is_backbone(name) else config.head_lr_factor
        decay = config.weight_decay
        if leaf.endswith("bias"):
            decay, rate = config.bias_weight_decay, rate * config.bias_lr_factor
        elif owner in norms:
            decay = config.norm_weight_decay
        groups.setdefault((decay, rate), []).append(parameter)
    usual = [{"params": p, "weight_decay": decay, "factor": rate} for (decay, rate), p in groups.items()]
    return usual + [
        {
            "params": parameters,
            "weight_decay": config.weight_decay if group.weight_decay is None else group.weight_decay,
            "factor": group.lr_factor,
        }
        for group, parameters in made
        if parameters
    ]


def make_optimiser(groups: list[dict[str, Any]], config: OptimConfig, *, lr: float) -> torch.optim.Optimizer:
    """The configured optimiser; `lr` is the peak rate for this batch size."""
    groups = [{**group, "lr": lr * group["factor"]} for group in groups]
    fused = all(p.is_cuda for group in groups for p in group["params"])
    if config.name == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=config.momentum, fused=fused)
    kind = torch.optim.AdamW if config.name == "adamw" else torch.optim.Adam
    # Decay within the gradient (adam) and decoupled decay (adamw) differ; method.md §2's recipes use adam.
    return kind(groups, lr=lr, amsgrad=config.name == "amsgrad", fused=fused)


def set_rate(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Set the rate of this iteration, times the factor of each group."""
    for group in optimiser.param_groups:
        group["lr"] = lr * group["factor"]
