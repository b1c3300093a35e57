"""Networks traced for ONNX Runtime against torch, and those that cannot be traced."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from agreid_cli import onnx_runtime
from agreid_cli.errors import AgreidError


class Gated(nn.Module):
    """Two inputs, one of them of whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.layer = nn.Embedding(3, 4), nn.Conv2d(3, 4, 3)

    def forward(self, images: Tensor, camera: Tensor) -> Tensor:
        pooled: Tensor = self.layer(images).mean((2, 3)) * self.rows(camera)
        return pooled


def test_a_traced_network_gives_torch_s_numbers_for_any_batch() -> None:
    torch.manual_seed(0)
    network = Gated().eval()
    given = {"images": torch.zeros(2, 3, 8, 6), "camera": torch.zeros(2, dtype=torch.int64)}
    run = onnx_runtime.started(onnx_runtime.traced(network, given))
    for batch in (1, 2, 7):
        images, camera = torch.randn(batch, 3, 8, 6), torch.arange(batch) % 3
        with torch.no_grad():
            expected = network(images, camera).numpy()
        found = run({"images": images.numpy(), "camera": camera.numpy()})
        assert found == pytest.approx(expected, abs=1e-5)


def test_an_input_that_nothing_depends_on_may_be_given() -> None:
    class Deaf(nn.Module):
        def forward(self, images: Tensor, camera: Tensor) -> Tensor:
            return images.mean((2, 3))

    given = {"images": torch.zeros(2, 3, 4, 4), "camera": torch.zeros(2, dtype=torch.int64)}
    run = onnx_runtime.started(onnx_runtime.traced(Deaf().eval(), given))
    assert run({name: part.numpy() for name, part in given.items()}).shape == (2, 3)


def test_what_differs_from_torch_or_cannot_be_traced_is_refused() -> None:
    class Frozen(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            # The tracer keeps the number that it saw, which is another for other images.
            return images.flatten(1) * float(1 + images.abs().sum())

    class Odd(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            raise RuntimeError("not today\nat all")

    given = {"images": torch.zeros(2, 3, 4, 4)}
    with pytest.raises(AgreidError, match="differs from torch by"):
        onnx_runtime.traced(Frozen().eval(), given)
    with pytest.raises(AgreidError, match=r"cannot run this network: not today$"):
        onnx_runtime.traced(Odd().eval(), given)


def test_a_network_that_cannot_be_exported_is_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    class Unknown(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.mT.flatten(1)  # an operator that torch's exporter does not know

    with pytest.raises(AgreidError, match="cannot run this network"):
        onnx_runtime.traced(Unknown().eval(), {"images": torch.zeros(2, 3, 4, 4)})
    assert capfd.readouterr().out == ""


def test_several_outputs_are_compared_each() -> None:
    class Two(nn.Module):
        def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
            # The second is right only for the traced image, and small beside the first.
            return 1e6 + images.flatten(1), images.flatten(1) * float(1 + images.abs().sum())

    given = {"images": torch.zeros(2, 3, 4, 4)}
    with pytest.raises(AgreidError, match="differs from torch by"):
        onnx_runtime.traced(Two().eval(), given, ("a", "b"))


def test_the_name_has_the_version() -> None:
    assert onnx_runtime.name().startswith("onnxruntime 1.")
