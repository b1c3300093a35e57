"""The same distribution as the PIL/torchvision pipeline of the recipes, per transform and as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import ks_2samp

from agreid_cli.config.data import AugmentConfig
from agreid_cli.training.augment import Normalise, augment_rows, draw
from agreid_cli.training.operations import operate_on_batch, operate_on_image
from agreid_cli.training.policy import PAIRS

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE = (48, 24)
STEPS = sorted({(name, strength) for pair in PAIRS for name, _, strength in pair})


@pytest.fixture(scope="module")
def peer() -> Any:
    return pytest.importorskip("torchvision.transforms")


def picture() -> Image.Image:
    """Edges, ramps and colours, so that each operation shows."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    image = np.stack([y * 5, x * 9, (x // 6 + y // 8) % 2 * 160 + 40], -1)
    return Image.fromarray(image.clip(0, 255).astype(np.uint8))


def test_the_policy_is_torchvisions(peer: Any) -> None:
    theirs = peer.AutoAugment(peer.AutoAugmentPolicy.IMAGENET).policies
    plain = {"AutoContrast", "Equalize", "Invert"}  # have no strength there
    ours = tuple(
        tuple((name, p, None if name in plain else strength) for name, p, strength in pair) for pair in PAIRS
    )
    assert ours == tuple(theirs)


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize(("name", "strength"), STEPS)
def test_each_operation_is_torchvisions(peer: Any, name: str, strength: int, negative: bool) -> None:
    from torchvision.transforms.autoaugment import _apply_op

    space, signed = peer.AutoAugment()._augmentation_space(10, SIZE)[name]
    magnitude = float(space[strength].item()) if space.ndim > 0 else 0.0
    if negative and not signed:
        return
    if negative:
        magnitude = -magnitude
    theirs = _apply_op(picture(), name, magnitude, peer.InterpolationMode.NEAREST, None)
    ours = operate_on_image(picture(), name, strength, negative)
    difference = np.abs(np.asarray(ours).astype(int) - np.asarray(theirs))
    assert difference.max() <= (name in ("Color", "Contrast"))  # theirs has its factor in single precision
    tensor = torch.from_numpy(np.array(picture())).permute(2, 0, 1)
    expected = _apply_op(tensor, name, magnitude, peer.InterpolationMode.NEAREST, None)
    found = operate_on_batch(torch.stack([tensor.flip(1), tensor]), name, strength, negative)[1]
    assert (found.int() - expected.int()).abs().max() <= 1


def test_erased_boxes_are_torchvisions(peer: Any) -> None:
    config, n = AugmentConfig(erase=1.0), 1500
    image = torch.zeros(3, *SIZE)
    torch.manual_seed(0)
    get = peer.RandomErasing.get_params
    theirs = np.array(
        [get(image, list(config.erase_area), list(config.erase_ratio), value=[0.0])[:4] for _ in range(n)]
    )
    ours = draw(n, config, SIZE, torch.Generator().manual_seed(0)).box.numpy()
    for column, name in enumerate(("top", "left", "height", "width")):
        assert ks_2samp(ours[:, column], theirs[:, column]).pvalue > 1e-3, name
    areas = [boxes[:, 2] * boxes[:, 3] for boxes in (ours, theirs)]
    assert ks_2samp(*areas).pvalue > 1e-3


def pipeline(peer: Any, config: AugmentConfig) -> Any:
    """What a PIL/torchvision loader would do with these numbers."""
    return peer.Compose(
        [
            peer.RandomApply([peer.AutoAugment(peer.AutoAugmentPolicy.IMAGENET)], p=config.autoaugment),
            peer.Pad(config.pad),
            peer.RandomCrop(SIZE),
            peer.RandomHorizontalFlip(config.flip),
            peer.ToTensor(),
            peer.Normalize(MEAN, STD),
            peer.RandomErasing(config.erase, scale=config.erase_area, ratio=config.erase_ratio, value=0),
        ]
    )


@pytest.mark.parametrize("autoaugment", [0.0, 1.0])
def test_whole_outputs_have_the_same_distribution(peer: Any, autoaugment: float) -> None:
    config, n = AugmentConfig(pad=4, autoaugment=autoaugment), 1200
    image = picture()
    torch.manual_seed(2)
    transform = pipeline(peer, config)
    theirs = torch.stack([transform(image) for _ in range(n)]).double()
    draws = draw(n, config, SIZE, torch.Generator().manual_seed(3))
    ours = augment_rows([np.asarray(image)] * n, draws, Normalise.of(MEAN, STD)).double()
    # First and second moments of each of 3,456 values, in standard errors of their difference. Neighbours
    # share what was drawn, so the largest of them is below that of 3,456 independent ones.
    for power in (1, 2):
        a, b = ours**power, theirs**power
        error = torch.sqrt((a.var(0) + b.var(0)) / n).clamp_min(1e-6)
        scores = (a.mean(0) - b.mean(0)) / error
        assert scores.abs().max() < 5, power
        assert scores.std() < 1.6, power
    # The mean of an image, as a whole distribution.
    assert ks_2samp(ours.mean((1, 2, 3)).numpy(), theirs.mean((1, 2, 3)).numpy()).pvalue > 1e-3
