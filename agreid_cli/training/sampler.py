"""P×K batches: `p` identities and `k` crops of each, all drawn from one seed.

Two modes: `pk` samples every identity equally often, `pk-images` every image (fast-reid's
`NaiveIdentitySampler`). Either can divide the k crops of an identity between the views. The plan of an epoch
depends only on the seed and the epoch's number, so a resumed run, another number of processes or another
machine uses the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from agreid_cli.errors import InputError


@dataclass(frozen=True)
class Quotas:
    """How the k crops of an identity are divided among its pools: one pool, or one per view."""

    pools: tuple[tuple[np.ndarray, ...], ...]  # an identity → its pools of sample rows
    k: int

    def counts(self, turn: int) -> tuple[int, ...]:
        """Crops from each pool; with an odd k the views alternate in getting the larger half."""
        n = len(self.pools[0])
        return tuple((self.k + (pool + turn) % n) // n for pool in range(n))

    def turns(self, person: int) -> int:
        """How often an identity can give k crops without repeating one; at least once."""
        pools, turns = self.pools[person], 0
        needed = np.array(self.counts(0))
        while all(n <= len(pool) for n, pool in zip(needed, pools, strict=True)):
            turns += 1
            needed += self.counts(turns)
        return max(1, turns)


class PKSampler:
    """Plans epochs of batches over rows 0..N−1.

    An epoch has N // (p·k) batches, at least one, and no identity is twice in a batch.

    In `pk` mode, identities come in shuffled rounds, so that each is sampled equally often; the crops of one
    come in shuffled rounds too, and repeat only if it has too few.

    With `by_image`, an epoch consists of passes: p identities are drawn among those that still have k unused
    crops, and each gives its next k. Within a pass no crop is drawn twice, so identities are sampled in
    proportion to their crops. An identity that never has k (or lacks its quota of one view) is drawn once per
    pass, with as few repeats as possible. A pass ends if fewer than p identities are left, and the next one
    starts.
    """

    def __init__(
        self,
        label: np.ndarray,
        view: np.ndarray,
        *,
        p: int,
        k: int,
        by_view: bool = False,
        by_image: bool = False,
        seed: int = 0,
    ) -> None:
        self.p, self.k, self.seed = p, k, seed
        self.by_view, self.by_image = by_view, by_image
        self.quotas = Quotas(tuple(_pools(label, view, by_view)), k)
        self.n_samples = sum(len(pool) for pools in self.quotas.pools for pool in pools)
        #: Identities that a sampler by view cannot use, because they are seen in one view only.
        self.left_out = len(np.unique(label)) - len(self.quotas.pools)
        self._check()

    def __len__(self) -> int:
        return max(1, self.n_samples // (self.p * self.k))

    def epoch(self, number: int) -> torch.Tensor:
        """The rows of each batch, int64 of shape (len(self), p·k), identity by identity."""
        generator = torch.Generator().manual_seed(mixed(self.seed, number))
        batches = self._by_image(generator) if self.by_image else self._by_identity(generator)
        return torch.tensor(list(islice(batches, len(self))), dtype=torch.int64)

    def _by_identity(self, generator: torch.Generator) -> Iterator[list[int]]:
        people = _Rounds(list(range(len(self.quotas.pools))), generator)
        draws = [[_Rounds(pool.tolist(), generator) for pool in pools] for pools in self.quotas.pools]
        turns = [0] * len(draws)
        while True:
            rows: list[int] = []
            for person in people.take(self.p):
                for draw, n in zip(draws[person], self.quotas.counts(turns[person]), strict=True):
                    rows += draw.take(n)
                turns[person] += 1
            yield rows

    def _by_image(self, generator: torch.Generator) -> Iterator[list[int]]:
        while True:
            draws = [[_Rounds(pool.tolist(), generator) for pool in pools] for pools in self.quotas.pools]
            left = [self.quotas.turns(person) for person in range(len(draws))]
            able = list(range(len(draws)))
            while len(able) >= self.p:
                order = torch.randperm(len(able), generator=generator)[: self.p].tolist()
                rows: list[int] = []
                for person in (able[i] for i in order):
                    left[person] -= 1
                    for draw, n in zip(draws[person], self.quotas.counts(left[person]), strict=True):
                        rows += draw.take(n)
                able = [person for person in able if left[person]]
                yield rows

    def _check(self) -> None:
        n = len(self.quotas.pools)
        if n >= self.p:
            return
        seen = " seen in both views" if self.by_view else ""
        hint = (
            f"Set data.p={n} (and data.k={max(2, self.p * self.k // n)} for about the same batch)."
            if n
            else ""
        )
        if self.by_view:
            name = "pk-images" if self.by_image else "pk"
            hint = f"{hint} Or use crops of any view: data.sampler={name}.".strip()
        raise InputError(
            f"a batch of {self.p} identities cannot be filled: the training set has {n}{seen}",
            hint=hint or "Make a split with more identities: agreid build-split",
        )


def part_of_rank(plan: torch.Tensor, *, rank: int, world: int) -> torch.Tensor:
    """The columns of a plan computed by one of `world` processes: whole identities, in order."""
    share = plan.shape[-1] // world
    return plan[..., rank * share : (rank + 1) * share]


def check_world(p: int, world: int) -> None:
    """A batch is split by identities, so p must be a multiple of the number of processes."""
    if p % world:
        raise InputError(
            f"{p} identities per batch cannot be divided among {world} processes",
            hint=f"Set data.p to a multiple of {world}, e.g. --set data.p={-(-p // world) * world}",
        )


class _Rounds:
    """Takes values in shuffled rounds; without repeats within one call unless there are too few."""

    def __init__(self, values: list[int], generator: torch.Generator) -> None:
        self.values, self.generator = values, generator
        self.left: list[int] = []

    def take(self, n: int) -> list[int]:
        taken: list[int] = []
        while len(taken) < n:
            if not self.left:
                order = torch.randperm(len(self.values), generator=self.generator).tolist()
                # If a round starts in the middle of a call, the values already taken go to its end.
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
    """Combine numbers into one seed, so that seed 1 in epoch 2 differs from seed 2 in epoch 1."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
