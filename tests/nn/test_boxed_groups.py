"""Groups that boxes predict are kept; the logits of the others are 0."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from agreid_cli.nn.boxed import Boxed
from agreid_cli.nn.boxed_groups import fit_selected
from agreid_cli.records.side import Side
from tests.nn.test_boxed import drawn

SIZES = (2, 2, 3)


def people(n: int, each: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    """`each` boxes of n people: cues, and bits of three groups.

    The size for a place predicts the first group, the shape the second, nothing the third.
    Boxes of one person are alike, as they are in frames.
    """
    cues, bits = drawn(n, seed)
    label = np.random.default_rng(seed + 1).integers(0, 3, n)
    columns = [bits[:, 0], ~bits[:, 0], bits[:, 1], ~bits[:, 1], *torch.eye(3, dtype=torch.bool)[label].T]
    near = cues.repeat_interleave(each, 0)
    moved = near + 0.02 * torch.randn(near.shape, generator=torch.Generator().manual_seed(seed))
    moved[:, 7] = near[:, 7]
    return moved, torch.stack(columns, 1).repeat_interleave(each, 0), np.repeat(np.arange(n) + 5, each)


def test_groups_that_boxes_predict_are_kept_and_the_others_are_zero() -> None:
    cues, bits, pid = people(600, 2, 0)
    boxed, plain = Boxed(7), Boxed(7)
    kept = fit_selected(boxed, cues, bits, pid, SIZES)
    assert kept.tolist() == [True, True, False]
    plain.fit(cues, bits)
    strangers, truth, _ = people(200, 1, 9)
    with torch.no_grad():
        found, all_of_it = boxed(Side(box=strangers)), plain(Side(box=strangers))
    assert (found[:, 4:] == 0).all()
    assert (all_of_it[:, 4:] != 0).any()
    torch.testing.assert_close(found[:, :4], all_of_it[:, :4])
    assert ((found > 0) == truth)[:, :4].float().mean() > 0.85


def test_overfitted_boxes_keep_no_group() -> None:
    """Five boxes of each of 24 people, whose labels are drawn: the fit is right on all of them."""
    cues, _, pid = people(24, 5, 1)
    label = np.random.default_rng(2).permutation(np.arange(24) % 3).repeat(5)
    bits = torch.eye(3, dtype=torch.bool)[torch.from_numpy(label)]
    plain = Boxed(3)
    plain.fit(cues, bits)
    with torch.no_grad():
        assert (plain(Side(box=cues)).argmax(1).numpy() == label).mean() > 0.9
    boxed = Boxed(3)
    assert not fit_selected(boxed, cues, bits, pid, (3,)).any()
    with torch.no_grad():
        assert (boxed(Side(box=cues)) == 0).all()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_too_few_people_to_leave_any_out_keep_nothing(n: int) -> None:
    cues, bits, pid = people(n, 3, 4)
    assert not fit_selected(Boxed(7), cues, bits, pid, SIZES).any()
