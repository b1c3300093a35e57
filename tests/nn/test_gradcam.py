"""Grad-CAM of a distance against finite differences, and against the grad-cam package where it is
installed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from agreid_cli.config.recipes import recipe
from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.gradcam import grad_cam
from agreid_cli.nn.model import build_model
from agreid_cli.nn.shuffled import shuffled
from agreid_cli.nn.spec import spec_from


@pytest.fixture(scope="module")
def stream() -> ExplainStream:
    torch.manual_seed(0)
    config = recipe("campus")
    teacher = build_model(spec_from(config.model, config.loss), 4)
    return ExplainStream(teacher, n_bits=5, from_teacher=True, shared=True, reduction=1).eval()


@pytest.fixture(scope="module")
def images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    one, other = (torch.randn(2, 3, 64, 32, generator=generator) for _ in range(2))
    return one, other


def test_weights_are_the_slopes_of_the_distance(
    stream: ExplainStream, images: tuple[torch.Tensor, torch.Tensor]
) -> None:
    maps = grad_cam(stream, *images)
    with torch.no_grad():
        one, other = (stream.features(side) for side in images)

        def distance(grid: torch.Tensor) -> torch.Tensor:
            return (stream.embed_features(grid) - stream.embed_features(other)).norm(dim=1)

        wanted = torch.zeros_like(maps[0])
        for channel in range(one.shape[1]):
            up, down = one.clone(), one.clone()
            up[:, channel] += 1e-2
            down[:, channel] -= 1e-2
            # adding to every position sums the slopes over positions; Grad-CAM takes their mean
            slope = (distance(up) - distance(down)) / 2e-2 / one[0, 0].numel()
            wanted += slope[:, None, None] * one[:, channel]
    assert maps[0].shape == (2, *one.shape[2:])
    wanted = wanted.clamp_min(0)
    assert (maps[0] - wanted).abs().max() < 0.05 * wanted.max()
    assert all(p.grad is None for p in stream.parameters())


def test_of_a_part_equals_that_of_the_distance_if_the_map_is_one_everywhere(
    stream: ExplainStream, images: tuple[torch.Tensor, torch.Tensor]
) -> None:
    whole = grad_cam(stream, *images)
    grid = stream.features(images[0])
    ones = torch.ones(2, 1, *grid.shape[2:])
    for one, other in zip(whole, grad_cam(stream, *images, maps=(ones, ones)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)
    top = ones.clone()
    top[:, :, grid.shape[2] // 2 :] = 1e-3
    part = grad_cam(stream, *images, maps=(top, top))[0]
    assert (part - whole[0]).abs().max() > 1e-3 * whole[0].max()


def test_equal_to_the_package(stream: ExplainStream, images: tuple[torch.Tensor, torch.Tensor]) -> None:
    package = pytest.importorskip("pytorch_grad_cam")

    class Distance(torch.nn.Module):
        """Two images as one batch to their distance, once."""

        def __init__(self) -> None:
            super().__init__()
            self.tail = Grid(stream.teacher.head.tail)

        def forward(self, both: torch.Tensor) -> torch.Tensor:
            vectors = stream.embed_features(self.tail(stream.backbone(both, None)))
            return (vectors[:1] - vectors[1:]).norm(dim=1)

    class Grid(torch.nn.Module):
        def __init__(self, tail: torch.nn.Module) -> None:
            super().__init__()
            self.tail = tail

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return self.tail(hidden).grid

    model = Distance()
    both = torch.cat([images[0][:1], images[1][:1]]).requires_grad_()  # the network itself is frozen
    cam = package.GradCAM(model=model, target_layers=[model.tail])
    targets = [lambda output: output]
    cam(input_tensor=both, targets=targets)
    kept = cam.activations_and_grads
    features, slopes = (values[0].cpu().numpy() for values in (kept.activations, kept.gradients))
    weights = cam.get_cam_weights(both, model.tail, targets, features, slopes)
    wanted = np.maximum((weights[:, :, None, None] * features).sum(axis=1), 0)
    ours = grad_cam(stream, images[0][:1], images[1][:1])
    for side in (0, 1):
        np.testing.assert_allclose(ours[side][0].numpy(), wanted[side], rtol=1e-3, atol=1e-6)


def test_shuffling_keeps_the_numbers_and_changes_the_output(stream: ExplainStream) -> None:
    made = shuffled(stream.decompose, 3)
    for before, after in zip(stream.decompose.parameters(), made.parameters(), strict=True):
        assert not torch.equal(before, after)
        assert torch.equal(before.flatten().sort().values, after.flatten().sort().values)
    again = shuffled(stream.decompose, 3)
    assert all(torch.equal(a, b) for a, b in zip(made.parameters(), again.parameters(), strict=True))
