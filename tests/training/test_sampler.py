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
@given(COUNTS, st.integers(1, 3), st.integers(2, 5), st.booleans(), st.booleans(), st.integers(0, 99))
def test_every_batch_holds_p_people_and_k_crops_of_each(
    counts: list[tuple[int, int]], p: int, k: int, by_view: bool, by_image: bool, epoch: int
) -> None:
    label, view = people(counts)
    sampler = PKSampler(label, view, p=p, k=k, by_view=by_view, by_image=by_image, seed=4)
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


def first_pass(sampler: PKSampler, epoch: int = 1) -> np.ndarray:
    """The batches until fewer than p identities can give another k, found by counting."""
    pools = [list(map(len, pools)) for pools in sampler.quotas.pools]
    left = [max(1, min(n // m for n, m in zip(one, sampler.quotas.counts(0), strict=True))) for one in pools]
    whose = {row: i for i, one in enumerate(sampler.quotas.pools) for pool in one for row in pool}
    batches = []
    for batch in sampler.epoch(epoch).numpy().reshape(-1, sampler.p, sampler.k):
        if sum(n > 0 for n in left) < sampler.p:
            break
        for rows in batch:
            left[whose[int(rows[0])]] -= 1
        assert min(left) >= 0, "an identity gave more than its images"
        batches.append(batch)
    return np.array(batches)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=4, max_size=9),
    st.integers(1, 3),
    st.sampled_from([(2, True), (4, True), (1, False), (3, False), (4, False)]),
)
def test_by_image_a_pass_draws_every_image_at_most_once(
    counts: list[tuple[int, int]], p: int, how: tuple[int, bool]
) -> None:
    k, by_view = how
    label, view = people(counts)
    sampler = PKSampler(label, view, p=p, k=k, by_view=by_view, by_image=True, seed=2)
    drawn = first_pass(sampler)
    times = np.bincount(drawn.flatten(), minlength=len(label))
    for one, sides in enumerate(counts):
        enough = min(sides) >= k // 2 if by_view else sum(sides) >= k
        if enough:
            assert times[label == one].max() <= 1


def test_by_image_identities_come_in_proportion_to_their_images() -> None:
    counts = [(2, 2), (4, 4), (8, 8), (16, 16)] * 4
    label, view = people(counts)
    one_pass = PKSampler(label, view, p=1, k=4, by_image=True).epoch(3).numpy()
    assert sorted(one_pass.flatten()) == list(range(240)), "every image once"
    times = np.bincount(label[one_pass[:, 0]], minlength=len(counts))
    assert times.tolist() == [1, 2, 4, 8] * 4, "images / k"
    equally = np.bincount(label[PKSampler(label, view, p=1, k=4).epoch(3).numpy()[:, 0]])
    assert {*equally.tolist()} == {3, 4}, "the other order shows every identity equally often"


def test_by_image_an_epoch_goes_through_several_passes() -> None:
    label, view = people([(1, 0)] * 3 + [(40, 40)])
    sampler = PKSampler(label, view, p=2, k=2, by_image=True)
    plan = sampler.epoch(1)
    assert plan.shape == (len(sampler), 4) == (20, 4)
    assert not torch.equal(plan[:10], plan[10:])


def test_by_image_with_quotas_an_odd_k_alternates_and_nothing_repeats() -> None:
    label, view = people([(6, 6)] * 3)
    plan = PKSampler(label, view, p=3, k=3, by_view=True, by_image=True).epoch(1).numpy()
    assert len(plan) == 4
    assert len({*plan.flatten()}) == 36
    aerial = (view[plan.reshape(-1, 3, 3)] == 0).sum(2)
    assert sorted(aerial[:, 0].tolist()) == [1, 1, 2, 2]


@pytest.mark.parametrize("by_image", [False, True])
def test_an_epoch_depends_on_the_seed_and_its_number_alone(by_image: bool) -> None:
    label, view = people([(3, 3)] * 6)
    make = lambda seed: PKSampler(label, view, p=2, k=2, by_image=by_image, seed=seed)  # noqa: E731
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
    assert "the training set has 2 seen in both views" in caught.value.message
    assert "data.p=2 (and data.k=6" in caught.value.hint
    assert "data.sampler=pk" in caught.value.hint


def test_a_batch_that_cannot_be_filled_says_what_would_fit() -> None:
    label, view = people([(2, 2)] * 4)
    with pytest.raises(InputError) as caught:
        PKSampler(label, view, p=16, k=4)
    assert "16 identities cannot be filled: the training set has 4" in caught.value.message
    assert "data.p=4 (and data.k=16" in caught.value.hint


@pytest.mark.parametrize("by_image", [False, True])
def test_ranks_share_a_batch_without_overlap(by_image: bool) -> None:
    label, view = people([(4, 4)] * 6)
    plan = PKSampler(label, view, p=6, k=2, by_image=by_image).epoch(1)
    parts = [part_of_rank(plan, rank=rank, world=3) for rank in range(3)]
    assert torch.equal(torch.cat(parts, 1), plan)
    for part in parts:
        assert all(len({*label[row]}) == 2 for row in part.numpy())
