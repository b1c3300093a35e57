"""The explainable stream on every backbone: its output, what stays unchanged, and refused teachers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.losses.distill import attribute_prior, metric_distillation, shares
from agreid_cli.nn.model import ReidModel, build_model
from agreid_cli.nn.pooled import base_distances, part_distances
from agreid_cli.nn.spec import ModelSpec
from agreid_cli.records.box_cues import CUES
from agreid_cli.records.side import Side

SIZE, N_BITS = (64, 32), 6
CASES = [("osnet-x0.25", "bot"), ("osnet-x0.25", "sbs"), ("resnet50", "bot"), ("vit-s16", "sbs")]


def teacher(backbone: str, head: str) -> ReidModel:
    torch.manual_seed(0)
    model = build_model(ModelSpec(backbone, head, size=SIZE), n_ids=3)
    model.train()
    with torch.no_grad():  # statistics that are not those of an untouched batch norm
        model(torch.randn(4, 3, *SIZE), labels=torch.tensor([0, 1, 2, 0]))
    return model.eval()


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest) -> tuple[ReidModel, ExplainStream, Tensor]:
    model = teacher(*request.param)
    return model, ExplainStream(model, n_bits=N_BITS), torch.randn(4, 3, *SIZE)


def off(d: Tensor) -> Tensor:
    return d[~torch.eye(len(d), dtype=torch.bool)]


def test_shapes_and_positive_maps(case: tuple[ReidModel, ExplainStream, Tensor]) -> None:
    model, stream, images = case
    found = stream(images)
    c = model.backbone.channels
    assert found.base.shape == (4, c)
    assert found.vectors.shape == (4, N_BITS, c)
    assert found.attributes.shape == (4, N_BITS)
    assert found.maps.shape[:2] == (4, N_BITS)
    assert found.maps.shape[2] == 2 * found.maps.shape[3]
    assert (found.maps > 0).all()
    inner, outer = stream.decompose
    assert (inner.out_channels, inner.kernel_size, inner.bias, outer.bias) == (c // 8, (3, 3), None, None)


def test_one_part_is_that_of_the_whole_stream(case: tuple[ReidModel, ExplainStream, Tensor]) -> None:
    _, stream, images = case
    bit = torch.tensor([5, 0, 3, 3])
    stream.eval()
    with torch.no_grad():
        found = stream(images)
        base, part = stream.part(images, None, bit)
    torch.testing.assert_close(base, found.base)
    torch.testing.assert_close(part, found.vectors[torch.arange(4), bit], rtol=1e-4, atol=1e-5)
    stream.train()


def test_a_head_that_gives_zero_gives_the_models_own_distance(
    case: tuple[ReidModel, ExplainStream, Tensor],
) -> None:
    _, stream, images = case
    weight = stream.decompose[1].weight
    kept = weight.detach().clone()
    try:
        nn.init.zeros_(weight)
        with torch.no_grad():
            found = stream(images)
        d, parts = base_distances(found.base, found.base), part_distances(found.vectors)
        torch.testing.assert_close(off(parts), off(d).unsqueeze(-1).expand(-1, N_BITS), rtol=1e-4, atol=1e-4)
        assert metric_distillation(d, parts).item() < 1e-3 * off(d).mean().item()
        torch.testing.assert_close(
            off(shares(parts)), torch.full((12, N_BITS), 1 / N_BITS), rtol=1e-3, atol=0
        )
    finally:
        with torch.no_grad():
            weight.copy_(kept)


def test_a_step_moves_the_stream_and_nothing_of_the_teacher(
    case: tuple[ReidModel, ExplainStream, Tensor],
) -> None:
    model, stream, images = case
    with torch.no_grad():
        embedded = model.embed(images)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    own = {n: p.detach().clone() for n, p in stream.named_parameters() if not n.startswith("teacher.")}
    stream.train()
    moved = [p for p in stream.parameters() if p.requires_grad]
    optimiser = torch.optim.SGD(moved, lr=0.1)
    found = stream(images)
    parts = part_distances(found.vectors)
    bits = torch.tensor([[1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 0], [1, 0, 0, 0, 0, 1]])
    loss = metric_distillation(base_distances(found.base, found.base), parts)
    (loss + sum(attribute_prior(parts, bits)) + found.attributes.square().mean()).backward()
    optimiser.step()
    assert [n for n, p in model.named_parameters() if p.grad is not None or p.requires_grad] == []
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert [n for n, p in stream.named_parameters() if n in own and p.grad is None] == []
    went = {n for n, p in stream.named_parameters() if n in own and not torch.equal(p, own[n])}
    assert {n.partition(".")[0] for n in went} == {"tail", "decompose", "recognise_tail", "recognise"}
    with torch.no_grad():
        assert torch.equal(model.embed(images), embedded)
        assert torch.equal(stream.embed(images), embedded)
        assert torch.equal(stream.eval()(images).base, embedded.float())


def test_attributes_may_be_recognised_from_the_late_stages_of_the_maps() -> None:
    model = teacher("osnet-x0.25", "bot")
    own, shared = (ExplainStream(model, n_bits=6, shared=flag) for flag in (False, True))
    images = torch.rand(4, 3, *SIZE)
    for stream in (own, shared):
        stream.zero_grad()
        stream(images).attributes.square().mean().backward()
    assert all(p.grad is None for p in own.tail.parameters())
    assert all(p.grad is not None for p in shared.tail.parameters())
    assert not any(name.startswith("recognise_tail") for name, _ in shared.named_parameters())


@pytest.mark.parametrize("shared", [False, True])
def test_evidence_adds_up_to_the_logits(shared: bool) -> None:
    stream = ExplainStream(teacher("osnet-x0.25", "bot"), n_bits=6, shared=shared).eval()
    images = torch.rand(2, 3, *SIZE)
    with torch.no_grad():
        found, logits = stream.evidence(images), stream(images).attributes
    assert found.shape == (2, 6, 4, 2)
    torch.testing.assert_close(found.mean((2, 3)), logits, rtol=1e-4, atol=1e-6)


def test_the_box_changes_what_is_recognised_and_nothing_else() -> None:
    stream = ExplainStream(teacher("osnet-x0.25", "bot"), n_bits=6, boxed=True).eval()
    assert (stream.needs, stream.reads) == (frozenset(), {"box"})
    assert stream.boxed is not None
    images, box = torch.rand(2, 3, *SIZE), torch.rand(2, len(CUES))
    with torch.no_grad():
        unfitted = stream(images, Side(box=box)).attributes
        stream.boxed.fit(torch.rand(9, len(CUES)), torch.rand(9, 6) > 0.5)
        one, other = (stream(images, Side(box=cues)) for cues in (box, box + 1))
        added = stream.boxed(Side(box=box))
    assert (one.attributes - other.attributes).abs().min() > 1e-6
    torch.testing.assert_close(one.attributes, unfitted + added)
    for part in ("base", "maps", "vectors"):
        assert torch.equal(getattr(one, part), getattr(other, part)), part
    with pytest.raises(ValueError, match="box"):
        stream(images)


def test_the_width_of_the_decomposition_head_is_a_part_of_the_channels() -> None:
    model = teacher("osnet-x0.25", "bot")
    for reduction, width in ((8, 16), (1, 128), (1000, 1)):
        head = ExplainStream(model, n_bits=6, reduction=reduction).decompose
        assert [tuple(conv.weight.shape[:2]) for conv in head] == [(width, 128), (6, width)]


def test_the_teacher_stays_in_eval_mode() -> None:
    stream = ExplainStream(teacher("osnet-x0.25", "bot"), n_bits=4)
    for mode in (True, False, True):
        stream.train(mode)
        assert not any(module.training for module in stream.teacher.modules())
        assert stream.tail.training is mode


def test_new_late_stages_begin_as_asked() -> None:
    model = teacher("osnet-x0.25", "bot")
    nn.init.constant_(model.head.tail.conv5.conv.weight, 0.125)
    fresh, copied = (ExplainStream(model, n_bits=4, from_teacher=flag) for flag in (False, True))
    assert (copied.tail.conv5.conv.weight == 0.125).all()
    assert not (fresh.tail.conv5.conv.weight == 0.125).any()
    assert all(p.requires_grad for p in copied.tail.parameters())
    assert copied.tail is not model.head.tail


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (ModelSpec("osnet-x0.25", "mgn", size=(96, 32)), "MGN"),
        (ModelSpec("vit-s16", "bot", size=SIZE, pooling="token"), "class token"),
    ],
)
def test_teachers_that_cannot_be_taken_apart_are_refused(spec: ModelSpec, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        ExplainStream(build_model(spec, n_ids=2), n_bits=4)
    assert "bot-vit" in caught.value.hint


def test_the_power_of_the_teachers_pooling_is_that_of_the_loaded_weights() -> None:
    teacher = build_model(ModelSpec("osnet-x0.25", "sbs", (64, 32), pooling="gem"), 3)
    stream = ExplainStream(teacher, n_bits=2)
    assert stream.power == 3
    state = stream.state_dict()
    state["teacher.head.pooling.p"] = torch.tensor([4.5])
    stream.load_state_dict(state)
    assert stream.power == 4.5
