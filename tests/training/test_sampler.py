from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.errors import InputError
from agreid_cli.training.sampler import PKSampler, mixed, part_of_rank


def people(counts: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Labels and views of crops, shuffled; `counts` has (aerial, ground) crops of each identity."""
    pairs = [
        (label, view) for label, sides in enumerate(counts) for view, n in enumerate(sides) for _ in range(n)
    ]
    order = np.random.default_rng(0).permutation(len(pairs))
    table = np.array(pairs)[order]
    return table[:, 0], table[:, 1]


COUNTS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=3, max_size=8)


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(1, 3), st.integers(2, 5), st.booleans(), st.integers(0, 99))
def test_every_batch_holds_p_people_and_k_crops_of_each(
    counts: list[tuple[int, int]], p: int, k: int, by_view: bool, epoch: int
) -> None:
    label, view = people(counts)
    sampler = PKSampler(label, view, p=p, k=k, by_view=by_view, seed=4)
    plan = sampler.epoch(epoch)
    assert plan.shape == (max(1, len(label) // (p * k)), p * k) == (len(sampler), p * k)
    for batch in plan.numpy().reshape(len(sampler), p, k):
        assert len({*label[batch[:, 0]]}) == p
        for rows in batch:
            [one] = {*label[rows].tolist()}
            if by_view:
                sides = np.bincount(view[rows], minlength=2)
                assert sorted(sides) == [k // 2, k - k // 2]
                for side, n in enumerate(sides):  # as few repeats as can be
                    assert len({*rows[view[rows] == side]}) == min(n, counts[one][side])
            else:
                assert len({*rows}) == min(k, sum(counts[one]))


def test_people_and_crops_are_seen_equally_often() -> None:
    label, view = people([(5, 5)] * 9)
    plan = PKSampler(label, view, p=4, k=2).epoch(1).numpy()
    assert plan.shape == (11, 8)
    seen = np.bincount(label[plan[:, ::2].flatten()], minlength=9)
    assert seen.max() - seen.min() <= 1
    for one in range(9):
        crops = np.bincount(plan[label[plan] == one], minlength=90)[label == one]
        assert crops.max() - crops.min() <= 1


def test_an_epoch_depends_on_the_seed_and_its_number_alone() -> None:
    label, view = people([(3, 3)] * 6)
    make = lambda seed: PKSampler(label, view, p=2, k=2, seed=seed)  # noqa: E731
    sampler = make(1)
    first = sampler.epoch(5)
    torch.manual_seed(3)
    np.random.seed(3)
    assert torch.equal(first, sampler.epoch(5))
    assert torch.equal(first, make(1).epoch(5))
    assert not torch.equal(first, sampler.epoch(6))
    assert not torch.equal(first, make(2).epoch(5))
    assert mixed(1, 2) != mixed(2, 1)


def test_odd_k_takes_the_larger_half_from_each_view_in_turn() -> None:
    label, view = people([(6, 6)] * 2)
    plan = PKSampler(label, view, p=2, k=3, by_view=True).epoch(1).numpy()
    aerial = (view[plan.reshape(-1, 2, 3)] == 0).sum(2)
    assert aerial.tolist() == [[1, 1], [2, 2], [1, 1], [2, 2]]


def test_pk_views_leaves_out_whom_one_view_alone_has_seen() -> None:
    label, view = people([(2, 2), (3, 0), (0, 1), (2, 2)])
    sampler = PKSampler(label, view, p=2, k=2, by_view=True)
    assert sampler.left_out == 2
    assert {*label[sampler.epoch(1).numpy().flatten()].tolist()} == {0, 3}
    with pytest.raises(InputError) as caught:
        PKSampler(label, view, p=3, k=4, by_view=True)
    assert "the training part has 2 that both views have seen" in caught.value.message
    assert "data.p=2 (and data.k=6" in caught.value.hint
    assert "data.sampler=pk" in caught.value.hint


def test_a_batch_that_cannot_be_filled_says_what_would_fit() -> None:
    label, view = people([(2, 2)] * 4)
    with pytest.raises(InputError) as caught:
        PKSampler(label, view, p=16, k=4)
    assert "16 identities cannot be filled: the training part has 4" in caught.value.message
    assert "data.p=4 (and data.k=16" in caught.value.hint


def test_ranks_share_a_batch_without_overlap() -> None:
    label, view = people([(4, 4)] * 6)
    plan = PKSampler(label, view, p=6, k=2).epoch(1)
    parts = [part_of_rank(plan, rank=rank, world=3) for rank in range(3)]
    assert torch.equal(torch.cat(parts, 1), plan)
    for part in parts:
        assert all(len({*label[row]}) == 2 for row in part.numpy())
