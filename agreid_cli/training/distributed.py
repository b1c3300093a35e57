"""One process or many under `torchrun`: rank, gather with gradient, batch norm over the joint batch.

The losses of many processes equal those of one process with the joint batch: losses that compare crops
(triplets) use the features of all ranks, means over crops are means over equal parts, and batch norms
use the statistics of all ranks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@dataclass(frozen=True)
class World:
    """`rank` of `size` processes; `local` is the rank on this machine, which selects the GPU."""

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        return self.rank == 0

    @property
    def many(self) -> bool:
        return self.size > 1


def world_of_environment() -> World:
    """The values of RANK, WORLD_SIZE and LOCAL_RANK set by torchrun; one process without them."""
    number = {name: int(os.environ.get(name, default)) for name, default in _VARIABLES}
    return World(number["RANK"], number["WORLD_SIZE"], number["LOCAL_RANK"])


_VARIABLES = (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))


@contextmanager
def joined(world: World, device: torch.device) -> Iterator[None]:
    """The process group for the block: nccl on GPUs, gloo on CPUs; nothing for one process."""
    if not world.many:
        yield
        return
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo", rank=world.rank, world_size=world.size
    )
    try:
        yield
    finally:
        dist.destroy_process_group()


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:
        ctx.rows = len(mine)
        parts = [torch.empty_like(mine) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, mine.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Tensor:
        # Every rank computed the same joint loss: the sum over ranks is `size` times its gradient, which is
        # undone by averaging the parameters' gradients over ranks.
        [grad] = grads
        grad = grad.contiguous().clone()
        dist.all_reduce(grad)
        start = dist.get_rank() * ctx.rows
        return grad[start : start + ctx.rows]


def gathered(mine: Tensor) -> Tensor:
    """The rows of all ranks in rank order, with gradient; all ranks must have the same number. Alone:
    unchanged."""
    if not _many():
        return mine
    out: Tensor = _Gather.apply(mine)
    return out


def gathered_rows(mine: Tensor) -> Tensor:
    """The rows n×D of all ranks, which may differ in number, in rank order; no gradient. Alone: unchanged.

    A rank without rows need not know D.
    """
    if not _many():
        return mine
    shapes = [torch.zeros(2, dtype=torch.long, device=mine.device) for _ in range(dist.get_world_size())]
    dist.all_gather(shapes, torch.tensor(mine.shape, device=mine.device))
    sizes = [shape.tolist() for shape in shapes]
    most, width = max(n for n, _ in sizes), max((width for n, width in sizes if n), default=mine.shape[1])
    padded = mine.new_zeros(most, width)
    if len(mine):
        padded[: len(mine)] = mine
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded)
    return torch.cat([part[:n] for part, (n, _) in zip(parts, sizes, strict=True)])


def mean_over_ranks(values: Tensor) -> Tensor:
    """The mean over ranks of a tensor without gradient. Alone: unchanged."""
    if _many():
        values = values.clone()
        dist.all_reduce(values)
        values /= dist.get_world_size()
    return values


def any_rank(flag: bool, device: torch.device) -> bool:
    """Whether the flag is set on any rank, so that all stop at the same step."""
    if not _many():
        return flag
    value = torch.tensor([int(flag)], device=device)
    dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return bool(value.item())


def every_rank(value: Any) -> list[Any]:
    """The value of each rank, in rank order, on every rank."""
    if not _many():
        return [value]
    said: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(said, value)
    return said


def wait_for_all() -> None:
    """Wait until every rank is here: the first builds and writes, the others read."""
    if _many():
        dist.barrier()


def _many() -> bool:
    return bool(dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1)


class _SumOverRanks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:
        total = mine.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Tensor:
        total = grads[0].contiguous().clone()
        dist.all_reduce(total)
        return total


class JointBatchNorm(_BatchNorm):
    """Batch norm over the joint batch on any backend; torch's own SyncBatchNorm supports only GPUs."""

    def _check_input_dim(self, input: Tensor) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        if not (self.training and _many()):
            return super().forward(input)
        dims = [0, *range(2, input.ndim)]
        shape = [1, -1, *[1] * (input.ndim - 2)]
        x = input if input.dtype == torch.float64 else input.float()
        here = x.new_tensor([x.numel() / x.shape[1]])
        n, total = _SumOverRanks.apply(torch.cat([here, x.sum(dims)])).split([1, x.shape[1]])
        n = n.detach()
        mean = total / n
        var = _SumOverRanks.apply(((x - mean.view(shape)) ** 2).sum(dims)) / n
        if self.track_running_stats and self.running_mean is not None and self.running_var is not None:
            with torch.no_grad():
                if self.num_batches_tracked is not None:
                    self.num_batches_tracked += 1
                share = 0.1 if self.momentum is None else self.momentum
                self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
                self.running_var.lerp_((var * n / (n - 1)).to(self.running_var.dtype), share)
        y = (x - mean.view(shape)) * torch.rsqrt(var.view(shape) + self.eps)
        if self.affine:
            y = y * self.weight.view(shape) + self.bias.view(shape)
        return y.to(input.dtype)


def with_joint_norms(model: nn.Module, device: torch.device) -> nn.Module:
    """The model with every batch norm over the joint batch; parameters and statistics are shared."""
    if device.type == "cuda":
        from timm.layers import convert_sync_batchnorm

        out: nn.Module = convert_sync_batchnorm(model)
        return out
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) in (nn.BatchNorm1d, nn.BatchNorm2d):
                setattr(parent, name, _joint(child))
    return model


def _joint(norm: _BatchNorm) -> JointBatchNorm:
    new = JointBatchNorm(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    new._parameters, new._buffers = norm._parameters, norm._buffers
    new.train(norm.training)
    return new
