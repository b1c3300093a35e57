"""The stream's objective: weights, bits, and unknown groups."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from agreid_cli.attributes.bits import bits_of
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.explain import ExplainConfig
from agreid_cli.errors import InputError
from agreid_cli.nn.explain_stream import Explained
from agreid_cli.nn.losses.balanced import balanced_bce
from agreid_cli.nn.losses.distill import attribute_prior, metric_distillation
from agreid_cli.nn.pooled import base_distances, part_distances
from agreid_cli.records.side import Side
from agreid_cli.training.batch import Batch
from agreid_cli.training.bits import Bits
from agreid_cli.training.explain_objective import ExplainObjective

BOOK = official_codebook()
FEW = BOOK.excluding([name for name in BOOK.names if name not in ("gender", "bag")])


def said(n: int, m: int) -> Explained:
    torch.manual_seed(0)
    return Explained(torch.randn(n, 8), torch.rand(n, m, 4, 2), torch.randn(n, m, 8), torch.randn(n, m))


def people(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return bits_of(rng.integers(0, np.array(BOOK.sizes) - 1, (n, len(BOOK.sizes))), BOOK)


def batch_of(attrs: np.ndarray | None) -> Batch:
    n = 4
    zero = torch.zeros(n, dtype=torch.int64)
    held = None if attrs is None else torch.from_numpy(attrs)
    return Batch(torch.zeros(n, 3, 8, 8), zero, zero, Side(), held, zero)


class Said(torch.nn.Module):
    """A network that says one thing."""

    def __init__(self, out: Explained) -> None:
        super().__init__()
        self.out = out

    def forward(self, images: torch.Tensor, side: Side) -> Explained:
        return self.out


def test_total_is_the_weighted_sum_of_its_parts() -> None:
    bits, out, attrs = Bits.of(BOOK, ()), said(4, 88), people(4)
    rates = attrs.mean(axis=0)
    config = ExplainConfig(distance_weight=2, alpha=3, beta=5, recognition_weight=7, v=0.75)
    found = ExplainObjective(config, bits, rates)(Said(out), batch_of(attrs))
    parts, truth = part_distances(out.vectors), torch.from_numpy(attrs)
    one, two = attribute_prior(parts, truth, 0.75)
    wanted = {
        "distance": metric_distillation(base_distances(out.base, out.base), parts),
        "prior1": one, "prior2": two,
        "attributes": balanced_bce(out.attributes, truth, torch.tensor(rates, dtype=torch.float32)),
    }  # fmt: skip
    for name, value in wanted.items():
        assert found.named[name].item() == pytest.approx(value.item(), rel=1e-6), name
    total = sum(w * v.item() for w, v in zip((2, 3, 5, 7), wanted.values(), strict=True))
    assert found.total.item() == pytest.approx(total, rel=1e-6)


def test_groups_left_out_are_not_looked_at() -> None:
    bits = Bits.of(BOOK, [name for name in BOOK.names if name not in FEW.names])
    assert bits.codebook == FEW
    assert [BOOK.bits[at] for at in bits.columns] == list(FEW.bits)
    out, attrs = said(4, FEW.n_bits), people(4)
    objective = ExplainObjective(ExplainConfig(), bits, bits.take(attrs).mean(axis=0))
    before = objective(Said(out), batch_of(attrs)).total
    other = attrs.copy()
    other[:, BOOK.starts[1] : BOOK.starts[2]] = np.roll(other[:, BOOK.starts[1] : BOOK.starts[2]], 1, axis=1)
    assert objective(Said(out), batch_of(other)).total == before
    with pytest.raises(InputError, match="do not exist"):
        Bits.of(BOOK, ["hat"])


def test_unknown_groups_can_be_ignored() -> None:
    attrs = np.repeat(people(1), 4, axis=0)
    bag = slice(BOOK.starts[-1], None)
    attrs[:, bag] = np.eye(BOOK.sizes[-1], dtype=np.uint8)[[0, 0, 0, -1]]  # one whose bag nobody saw
    bits, out = Bits.of(BOOK, ()), said(4, 88)
    for ignore, alike in ((False, False), (True, True)):
        objective = ExplainObjective(ExplainConfig(ignore_unknown=ignore), bits, attrs.mean(axis=0))
        prior1 = objective(Said(out), batch_of(attrs)).named["prior1"]
        assert (prior1.item() == 0) is alike


def test_a_batch_without_attributes_is_our_own_bug() -> None:
    with pytest.raises(ValueError, match="has attributes"):
        ExplainObjective(ExplainConfig(), Bits.of(BOOK, ()), np.zeros(88))(Said(said(4, 88)), batch_of(None))
