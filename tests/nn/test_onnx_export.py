"""The exported network gives PyTorch's embeddings for any batch size, and describes its input."""

from __future__ import annotations

import io

import pytest
import torch

from agreid_cli.errors import AgreidError
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.model import ReidModel, build_model
from agreid_cli.nn.onnx_export import check_onnx, export_onnx
from agreid_cli.nn.spec import ModelSpec

SIZE = (64, 32)


def made(backbone: str, head: str, seed: int = 0) -> ReidModel:
    """A network whose running statistics are not the initial ones."""
    torch.manual_seed(seed)
    model = build_model(ModelSpec(backbone, head, SIZE), 3).train()
    with torch.no_grad():
        model(torch.randn(8, 3, *SIZE))
    return model


@pytest.fixture(scope="module")
def exported() -> tuple[ReidModel, bytes]:
    model = made("timm:test_vit", "bot")
    model.backbone.stem.eval()
    return model, export_onnx(Encoder(model, size=SIZE), notes={"run": "bot-vit"})


@pytest.mark.slow
def test_it_equals_torch_at_two_batch_sizes_and_leaves_the_model_alone(exported, capsys) -> None:
    model, data = exported
    assert check_onnx(data, Encoder(model, size=SIZE)) < 1e-4
    assert model.training
    assert not model.backbone.stem.training
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_the_file_says_what_it_wants_to_see(exported) -> None:
    import onnx

    model, data = exported
    proto = onnx.load(io.BytesIO(data))
    onnx.checker.check_model(proto)
    words = {entry.key: entry.value for entry in proto.metadata_props}
    assert words["mean"] == " ".join(f"{x:g}" for x in model.backbone.mean)
    assert words["size"] == "64x32 (height x width)"
    assert words["run"] == "bot-vit"
    (images,) = proto.graph.input
    shape = [d.dim_param or d.dim_value for d in images.type.tensor_type.shape.dim]
    assert (images.name, shape) == ("images", ["batch", 3, 64, 32])


@pytest.mark.slow
def test_a_network_that_differs_is_refused(exported) -> None:
    model, data = exported
    with torch.no_grad():
        model.head.neck.weight[0] += 0.5
    with pytest.raises(AgreidError, match="differs from PyTorch"):
        check_onnx(data, Encoder(model, size=SIZE))


@pytest.mark.slow
@pytest.mark.parametrize(("backbone", "head"), [("osnet-x0.25", "mgn"), ("timm:resnet18", "sbs")])
def test_other_networks_export_too(backbone: str, head: str) -> None:
    encoder = Encoder(made(backbone, head), size=SIZE)
    assert check_onnx(export_onnx(encoder), encoder) < 1e-4
