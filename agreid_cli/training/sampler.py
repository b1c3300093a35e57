"""P×K batches: `p` identities and `k` crops of each, all drawn from one seed.

The plan of an epoch depends on the seed and the epoch's number alone, so a resumed run, another number of
processes or another machine goes through the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from agreid_cli.errors import InputError


@dataclass(frozen=True)
class Quotas:
    """How the k crops of an identity are shared among its pools: one pool, or one of each view."""

    pools: tuple[tuple[np.ndarray, ...], ...]  # an identity → its pools of sample rows
    k: int

    def counts(self, turn: int) -> tuple[int, ...]:
        """Crops from each pool; with an odd k the views take turns at the larger half."""
        n = len(self.pools[0])
        return tuple((self.k + (pool + turn) % n) // n for pool in range(n))


class PKSampler:
    """Plans epochs of batches over rows 0..N−1.

    An epoch has N // (p·k) batches, at least one. Identities come in shuffled rounds, none twice in a batch,
    so that each is seen equally often; the crops of one come in shuffled rounds too, and repeat only where it
    has fewer than it must give.
    """

    def __init__(
        self, label: np.ndarray, view: np.ndarray, *, p: int, k: int, by_view: bool = False, seed: int = 0
    ) -> None:
        self.p, self.k, self.seed = p, k, seed
        self.by_view = by_view
        self.quotas = Quotas(tuple(_pools(label, view, by_view)), k)
        self.n_samples = sum(len(pool) for pools in self.quotas.pools for pool in pools)
        #: Identities that pk-views cannot take, because one view alone has seen them.
        self.left_out = len(np.unique(label)) - len(self.quotas.pools)
        self._check()

    def __len__(self) -> int:
        return max(1, self.n_samples // (self.p * self.k))

    def epoch(self, number: int) -> torch.Tensor:
        """The rows of each batch, int64 of shape (len(self), p·k), identity by identity."""
        generator = torch.Generator().manual_seed(mixed(self.seed, number))
        people = _Rounds(list(range(len(self.quotas.pools))), generator)
        draws = [[_Rounds(pool.tolist(), generator) for pool in pools] for pools in self.quotas.pools]
        turns = [0] * len(draws)
        plan = torch.empty(len(self), self.p * self.k, dtype=torch.int64)
        for batch in plan:
            rows: list[int] = []
            for person in people.take(self.p):
                for draw, n in zip(draws[person], self.quotas.counts(turns[person]), strict=True):
                    rows += draw.take(n)
                turns[person] += 1
            batch[:] = torch.tensor(rows)
        return plan

    def _check(self) -> None:
        n = len(self.quotas.pools)
        if n >= self.p:
            return
        seen = " that both views have seen" if self.by_view else ""
        hint = (
            f"Set data.p={n} (and data.k={max(2, self.p * self.k // n)} for about the same batch)."
            if n
            else ""
        )
        if self.by_view:
            hint = f"{hint} Or take crops of any view: data.sampler=pk.".strip()
        raise InputError(
            f"a batch of {self.p} identities cannot be filled: the training part has {n}{seen}",
            hint=hint or "Make a split with more identities: agreid build-split",
        )


def part_of_rank(plan: torch.Tensor, *, rank: int, world: int) -> torch.Tensor:
    """The columns of a plan that one of `world` processes computes: whole identities, in order."""
    share = plan.shape[-1] // world
    return plan[..., rank * share : (rank + 1) * share]


def check_world(p: int, world: int) -> None:
    """A batch is split by identities, so p must be a multiple of the number of processes."""
    if p % world:
        raise InputError(
            f"{p} identities a batch cannot be split among {world} processes",
            hint=f"Set data.p to a multiple of {world}, as in --set data.p={-(-p // world) * world}",
        )


class _Rounds:
    """Takes values in shuffled rounds; none twice in one taking unless there are too few."""

    def __init__(self, values: list[int], generator: torch.Generator) -> None:
        self.values, self.generator = values, generator
        self.left: list[int] = []

    def take(self, n: int) -> list[int]:
        taken: list[int] = []
        while len(taken) < n:
            if not self.left:
                order = torch.randperm(len(self.values), generator=self.generator).tolist()
                # A round that begins in the middle of a taking has what was just taken behind the rest.
                self.left = sorted((self.values[i] for i in order), key=taken.__contains__)
            some = n - len(taken)
            taken += self.left[:some]
            self.left = self.left[some:]
        return taken


def _pools(label: np.ndarray, view: np.ndarray, by_view: bool) -> Iterator[tuple[np.ndarray, ...]]:
    order = np.argsort(label, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        pools = tuple(rows[view[rows] == side] for side in (0, 1)) if by_view else (rows,)
        if all(len(pool) for pool in pools):
            yield pools


def mixed(*numbers: int) -> int:
    """One seed of several numbers, so that seed 1 in epoch 2 is not seed 2 in epoch 1."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
