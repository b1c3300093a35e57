from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.config.data import AugmentConfig
from agreid_cli.training.augment import (
    Draws,
    Normalise,
    augment_at_once,
    augment_rows,
    draw,
    nothing,
)
from agreid_cli.training.policy import PAIRS, changed_rows

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NORMALISE = Normalise.of(MEAN, STD)
NEVER = AugmentConfig(flip=0, pad=0, erase=0)


def pixels(n: int, size: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, *size, 3), dtype=np.uint8)


def drawn(n: int, config: AugmentConfig, size: tuple[int, int], seed: int = 0) -> Draws:
    return draw(n, config, size, torch.Generator().manual_seed(seed))


def slowly(image: np.ndarray, flip: bool, shift: list[int], box: list[int], pad: int) -> np.ndarray:
    """The recipe's words one by one: pad with black, cut a window, mirror, normalise, erase."""
    height, width = image.shape[:2]
    padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)))
    dy, dx = shift[0] + pad, shift[1] + pad
    cut = padded[dy : dy + height, dx : dx + width]
    cut = cut[:, ::-1] if flip else cut
    out = (cut / 255 - np.array(MEAN)) / np.array(STD)
    top, left, tall, wide = box
    out[top : top + tall, left : left + wide] = 0
    return out.transpose(2, 0, 1)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(8, 40), st.integers(8, 40)),
    st.integers(0, 3),
    st.integers(1, 5),
    st.integers(0, 999),
)
def test_both_ways_do_what_the_words_say(size: tuple[int, int], pad: int, n: int, seed: int) -> None:
    images = pixels(n, size, seed)
    before = images.copy()
    draws = drawn(n, AugmentConfig(pad=pad, erase=0.7), size, seed)
    rows = augment_rows(list(images), draws, NORMALISE)
    at_once = augment_at_once(torch.from_numpy(images), draws, NORMALISE)
    expected = np.stack(
        [
            slowly(image, flip, shift, box, pad)
            for image, flip, shift, box in zip(
                images, draws.flip.tolist(), draws.shift.tolist(), draws.box.tolist(), strict=True
            )
        ]
    )
    for found in (rows, at_once):
        assert found.shape == (n, 3, *size)
        assert found.dtype == torch.float32
        assert np.abs(found.numpy() - expected).max() < 1e-5
    assert np.array_equal(images, before), "the cache is not written to"


def test_nothing_changes_nothing() -> None:
    images = pixels(3, (16, 8))
    expected = NORMALISE.tensor(torch.from_numpy(images)).permute(0, 3, 1, 2)
    for draws in (nothing(3), drawn(3, NEVER, (16, 8))):
        assert torch.allclose(augment_rows(list(images), draws, NORMALISE), expected, atol=1e-6)
        assert torch.allclose(
            augment_at_once(torch.from_numpy(images), draws, NORMALISE), expected, atol=1e-6
        )


def test_equal_generators_draw_equally_and_the_global_one_is_left_alone() -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    one, other = (drawn(9, AugmentConfig(autoaugment=0.5), (64, 32), 5) for _ in range(2))
    assert torch.equal(one.box, other.box)
    assert torch.equal(one.shift, other.shift)
    assert torch.equal(one.policy.happens, other.policy.happens)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_part_of_the_draws_is_the_part_of_the_batch() -> None:
    images = pixels(6, (32, 16))
    draws = drawn(6, AugmentConfig(pad=2, autoaugment=1.0), (32, 16))
    whole = augment_rows(list(images), draws, NORMALISE)
    half = augment_rows(list(images[3:]), draws.part(slice(3, 6)), NORMALISE)
    assert torch.equal(whole[3:], half)


def test_shares_are_those_of_the_configuration() -> None:
    n = 20_000
    draws = drawn(n, AugmentConfig(flip=0.3, pad=4, erase=0.6, autoaugment=0.1), (64, 32))
    for found, share in (
        (draws.flip, 0.3),
        (draws.box[:, 2] > 0, 0.6),
        (draws.policy.pair >= 0, 0.1),
    ):
        assert abs(found.double().mean().item() - share) < 5 * (share * (1 - share) / n) ** 0.5
    for side in (0, 1):
        counts = np.bincount(draws.shift[:, side].numpy() + 4, minlength=9)
        assert len(counts) == 9
        assert np.abs(counts - n / 9).max() < 5 * (n / 9) ** 0.5
    top, left, tall, wide = draws.box[draws.box[:, 2] > 0].T
    assert ((top >= 0) & (left >= 0) & (top + tall <= 64) & (left + wide <= 32)).all()


def test_a_box_that_never_fits_erases_nothing() -> None:
    draws = drawn(50, AugmentConfig(erase=1.0, erase_area=(1.0, 1.0)), (16, 16))
    assert (draws.box == 0).all()


def test_rows_in_which_no_step_happens_are_not_touched() -> None:
    draws = drawn(300, AugmentConfig(autoaugment=1.0), (16, 8))
    policy = draws.policy
    by_hand = [
        row
        for row, pair in enumerate(policy.pair.tolist())
        if any(policy.happens[row, turn] < PAIRS[pair][turn][1] for turn in (0, 1))
    ]
    assert changed_rows(policy) == by_hand
    assert 0 < len(by_hand) < 300


def test_autoaugment_by_torch_is_that_of_pil_but_for_rounding() -> None:
    torchvision = pytest.importorskip("torchvision")
    assert torchvision
    rng = np.random.default_rng(1)
    smooth = np.add.outer(np.arange(48), np.arange(24))[None, ..., None] * 2 + rng.integers(
        0, 90, (25, 1, 1, 3)
    )
    images = smooth.clip(0, 255).astype(np.uint8)
    draws = drawn(25, AugmentConfig(flip=0, pad=0, erase=0, autoaugment=1.0), (48, 24))
    draws.policy.pair[:] = torch.arange(25)
    draws.policy.happens[:] = 0  # every step of every pair but the one of probability 0
    rows = augment_rows(list(images), draws, NORMALISE)
    at_once = augment_at_once(torch.from_numpy(images), draws, NORMALISE)
    levels = (rows - at_once).abs() * 255 * torch.tensor(STD)[:, None, None]
    assert levels.mean((1, 2, 3)).max() < 4
    assert levels.median() < 0.6
