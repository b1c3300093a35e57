"""The parts of the engine, compared with values that can be checked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from agreid_cli.config.load import build
from agreid_cli.config.model import LossConfig, TermConfig, TripletConfig
from agreid_cli.config.optim import OptimConfig, ScheduleConfig
from agreid_cli.errors import AgreidError, InputError
from agreid_cli.nn.heads.latex import ATTRIBUTE_LOGITS
from agreid_cli.nn.heads.view_free import FREE_FEATURE, VIEW_FEATURE, VIEW_LOGITS
from agreid_cli.nn.losses.cross_entropy import cross_entropy
from agreid_cli.nn.losses.triplet import triplet
from agreid_cli.nn.outputs import HeadOutput, Logits, Metric
from agreid_cli.records.side import Side
from agreid_cli.training.batch import Batch
from agreid_cli.training.distributed import JointBatchNorm, with_joint_norms
from agreid_cli.training.ema import Ema
from agreid_cli.training.freeze import Freeze
from agreid_cli.training.guard import Guard, check_finite
from agreid_cli.training.memory import fitting, too_large
from agreid_cli.training.objective import Objective, terms_of
from agreid_cli.training.optim import make_optimiser, parameter_groups, set_rate
from agreid_cli.training.precision import choose_precision
from agreid_cli.training.schedule import factor, frozen
from agreid_cli.training.terms import TERMS, make_term
from agreid_cli.training.trainee import Group
from tests.support.heard import Heard

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_groups_tell_weights_biases_norms_and_the_backbone_apart() -> None:
    model = nn.ModuleDict(
        {"body": nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), "head": nn.Linear(2, 3)}
    )
    model["head"].weight.requires_grad_(False)
    config = OptimConfig(
        lr=0.1, weight_decay=1e-1, norm_weight_decay=1e-2, bias_weight_decay=1e-3, bias_lr_factor=2,
        head_lr_factor=10,
    )  # fmt: skip
    groups = parameter_groups(model, config, is_backbone=lambda name: name.startswith("body"))
    of = {id(p): (g["weight_decay"], g["factor"]) for g in groups for p in g["params"]}
    body, norm, head = model["body"][0], model["body"][1], model["head"]
    assert of[id(body.weight)] == (1e-1, 1)
    assert of[id(body.bias)] == of[id(norm.bias)] == (1e-3, 2)
    assert of[id(norm.weight)] == (1e-2, 1)
    assert of[id(head.bias)] == (1e-3, 20)
    assert id(head.weight) not in of
    optimiser = make_optimiser(groups, config, lr=0.1)
    set_rate(optimiser, 0.5)
    assert sorted({g["lr"] for g in optimiser.param_groups}) == [0.5, 1, 10]


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", "Adam"), ("amsgrad", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD")]
)
def test_every_optimiser_of_the_table_moves_weights(name: str, kind: str) -> None:
    model = nn.Linear(3, 1)
    config = OptimConfig(name=name, lr=0.1)
    optimiser = make_optimiser(parameter_groups(model, config), config, lr=0.1)
    assert type(optimiser).__name__ == kind
    assert optimiser.param_groups[0].get("amsgrad", False) == (name == "amsgrad")
    guard = Guard(model)
    model(torch.ones(2, 3)).sum().backward()
    optimiser.step()
    guard.check(model)


def test_the_rate_warms_up_by_iteration_and_falls_by_epoch() -> None:
    optim = OptimConfig(lr=1e-3)
    steps = ScheduleConfig(
        name="multistep", epochs=120, warmup_iters=10, warmup_factor=0.1, milestones=(40, 90)
    )
    got = [factor(steps, optim, step=s, epoch=e) for s, e in ((0, 0), (5, 0), (10, 0), (900, 40), (2000, 90))]
    assert got == pytest.approx([0.1, 0.55, 1, 0.1, 0.01])
    wave = ScheduleConfig(name="cosine", epochs=60, cosine_from=30, final_lr=1e-6, warmup_iters=0)
    assert factor(wave, optim, step=0, epoch=45) == pytest.approx(1e-3 + (1 - 1e-3) / 2)
    assert factor(wave, optim, step=0, epoch=60) == pytest.approx(1e-3)
    short = wave.model_copy(update={"epochs": 2})
    assert [factor(short, optim, step=0, epoch=e) for e in (0, 1, 2)] == [1, 1, 1]
    flat = ScheduleConfig(name="constant", epochs=9, warmup_iters=0)
    assert factor(flat, optim, step=10**6, epoch=8) == 1
    holds = ScheduleConfig(freeze_iters=3, freeze_epochs=1)
    assert [frozen(holds, step=s, epoch=e) for s, e in ((2, 4), (3, 0), (3, 1))] == [True, True, False]


def test_the_mean_weights_follow_the_formula() -> None:
    model = nn.BatchNorm1d(1)
    ema = Ema(model, 0.5)
    with torch.no_grad():
        model.weight.fill_(3.0)
    model.num_batches_tracked += 4
    ema.update(model)  # d = min(0.5, 2/11)
    assert ema.shadow["weight"].item() == pytest.approx(2 / 11 * 1 + 9 / 11 * 3)
    assert ema.shadow["num_batches_tracked"].item() == 4
    for _ in range(20):
        before = ema.shadow["weight"].item()
        ema.update(model)
    assert ema.shadow["weight"].item() == pytest.approx((before + 3) / 2)
    other = Ema(nn.BatchNorm1d(1), 0.5)
    other.load_state_dict(ema.state_dict())
    assert other.updates == 21
    assert other.shadow["weight"].item() == ema.shadow["weight"].item()


def test_parts_may_be_frozen_for_good() -> None:
    body, head = nn.BatchNorm1d(2), nn.Linear(2, 1)
    model = nn.Sequential(body, head)
    freeze = Freeze([], always=[body])
    freeze.train(model)
    model(torch.randn(8, 2) + 5).sum().backward()
    assert body.weight.grad is None
    assert body.running_mean.abs().max() == 0
    assert head.training


def test_the_guard_stops_what_does_not_learn() -> None:
    model = nn.Linear(2, 2)
    guard = Guard(model)
    with pytest.raises(AgreidError, match="moved no weight") as caught:
        guard.check(model)
    assert "2 of 2 weights got no gradient" in str(caught.value)
    with torch.no_grad():
        model.bias[0] = math.nan
    with pytest.raises(AgreidError, match="1 of 2 weights are not finite") as caught:
        guard.check(model)
    assert "bias: contains NaN" in str(caught.value)
    model.requires_grad_(False)
    with pytest.raises(AgreidError, match="no weight of the network is trainable"):
        Guard(model)
    check_finite({"total": 1.0}, epoch=1, step=1)
    with pytest.raises(AgreidError, match="not finite at step 7") as caught:
        check_finite({"total": math.nan, "ce": 2.0, "triplet": math.inf}, epoch=2, step=7)
    assert [p.where for p in caught.value.problems] == ["total", "triplet"]


def test_frozen_parts_keep_weights_and_statistics() -> None:
    body, head = nn.BatchNorm1d(2), nn.Linear(2, 1)
    body.bias.requires_grad_(False)
    model = nn.Sequential(body, head)
    freeze = Freeze([body])
    assert freeze.set(True)
    assert not freeze.set(True)
    freeze.train(model)
    model(torch.randn(8, 2) + 5).sum().backward()
    assert body.weight.grad is None
    assert head.weight.grad is not None
    assert body.running_mean.abs().max() == 0
    assert freeze.set(False)
    freeze.train(model)
    model(torch.randn(8, 2) + 5).sum().backward()
    assert body.weight.grad is not None
    assert body.bias.grad is None, "what never was to be trained stays so"
    assert body.running_mean.abs().max() > 0


def shown(label: torch.Tensor) -> Batch:
    """A batch of which only the labels matter."""
    return Batch(torch.zeros(len(label), 3, 1, 1), label, label, Side(), None, label)


def of_config(config: LossConfig) -> Objective:
    return Objective(terms_of(config, n_ids=3, width=4))


def test_the_objective_is_the_weighted_sum_over_the_vectors_of_the_head() -> None:
    logits = [torch.randn(6, 3) for _ in range(2)]
    metric = [torch.randn(6, 4) for _ in range(3)]
    label = torch.tensor([0, 0, 1, 1, 2, 2])
    config = LossConfig(ce_weight=2, label_smoothing=0.1, triplet=TripletConfig(kind="soft", weight=0.5))
    for weights in ((1 / 3, 1 / 3, 1 / 3), (0.5, 0.25, 2.0)):
        out = HeadOutput(
            metric[0],
            tuple(Logits(v, 0.5) for v in logits),
            tuple(Metric(v, w) for v, w in zip(metric, weights, strict=True)),
        )
        got = of_config(config).losses(out, shown(label))
        ce = sum(cross_entropy(v, label, smoothing=0.1) for v in logits) / 2
        hard = sum(w * triplet(v, label, soft=True) for v, w in zip(metric, weights, strict=True))
        assert got.total.item() == pytest.approx((2 * ce + 0.5 * hard).item(), rel=1e-6)
        assert got.named["ce"].item() == pytest.approx(ce.item())
        assert got.named["triplet"].item() == pytest.approx(hard.item())
    only = LossConfig(ce_weight=0, triplet=TripletConfig(kind="margin", margin=0.7, normalise=True))
    got = of_config(only).losses(HeadOutput(metric[0], (), (Metric(metric[0]),)), shown(label))
    assert set(got.named) == {"total", "triplet"}
    assert got.total.item() == pytest.approx(triplet(metric[0], label, margin=0.7, normalize=True).item())


def test_logits_may_have_labels_of_their_own() -> None:
    label, view = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    ids, views = torch.randn(4, 3), torch.randn(4, 2)
    config = LossConfig(label_smoothing=0, triplet=TripletConfig(kind="none"))
    out = HeadOutput(ids, (Logits(ids), Logits(views, 0.25, target=view)))
    got = of_config(config).losses(out, shown(label)).total.item()
    plain = torch.nn.functional.cross_entropy
    assert got == pytest.approx((plain(ids, label) + 0.25 * plain(views, view)).item(), rel=1e-6)


def test_a_term_of_the_table_comes_from_the_configuration_with_its_parameters() -> None:
    label = torch.tensor([0, 2])
    vectors = torch.tensor([[3.0, 0, 0, 4], [0, 1, 0, 0]])
    config = LossConfig(
        ce_weight=0, triplet=TripletConfig(kind="none"), terms={"center": TermConfig(weight=0.5)}
    )
    objective = of_config(config)
    assert [tuple(p.shape) for p in objective.parameters()] == [(3, 4)]
    got = objective.losses(HeadOutput(vectors, (), (Metric(vectors),)), shown(label))
    assert got.total.item() == pytest.approx(0.5 * (25 + 1) / 2 / 2)
    got.total.backward()
    centers = objective.terms["center"].centers
    assert centers.grad[1].abs().max() == 0
    torch.testing.assert_close(centers.grad[0], -0.5 * vectors[0] / 2)
    for wrong in ({"centre": {}}, {"center": {"options": {"alpha": 1}}}):
        with pytest.raises(InputError, match=r"centre|alpha"):
            of_config(build(LossConfig, {"terms": wrong}, "test"))


def test_terms_that_cannot_be_added_are_refused_together() -> None:
    terms = {"view": {}, "attributes": {}, "triplet": {}, "centre": {}, "center": {}}
    with pytest.raises(InputError, match="terms of the loss that cannot be added: 4") as caught:
        of_config(build(LossConfig, {"terms": terms}, "test"))
    said = {p.where: p.what for p in caught.value.problems}
    assert list(said) == [f"loss.terms.{name}" for name in ("view", "attributes", "triplet", "centre")]
    assert "adds this term itself" in said["loss.terms.view"]
    assert "configured by loss.triplet" in said["loss.terms.triplet"]
    assert "did you mean 'center'" in said["loss.terms.centre"]
    with pytest.raises(InputError, match="the loss term attributes needs the option sizes"):
        make_term("attributes", {}, n_ids=3, width=4)


@pytest.mark.parametrize("name", TERMS)
def test_every_term_of_the_table_is_a_scalar_in_float32(name: str) -> None:
    options = {"attributes": {"sizes": [2, 2]}}.get(name, {})
    term = make_term(name, options, n_ids=3, width=4)
    vectors = torch.randn(4, 4, dtype=torch.bfloat16)
    extra = {VIEW_LOGITS: vectors[:, :2], FREE_FEATURE: vectors, VIEW_FEATURE: vectors,
             ATTRIBUTE_LOGITS: vectors}  # fmt: skip
    out = HeadOutput(vectors, (Logits(vectors[:, :3]),), (Metric(vectors),), extra)
    batch = shown(torch.tensor([0, 0, 1, 1]))
    side = Side(view=torch.tensor([0, 1, 0, 1]))
    attrs = torch.tensor([[1, 0, 0, 1]] * 4, dtype=torch.uint8)
    value = term(out, replace(batch, side=side, attrs=attrs))
    assert value.shape == ()
    assert value.dtype == torch.float32


def test_parameters_may_have_a_rate_of_their_own() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].bias.requires_grad_(False)
    config = OptimConfig(weight_decay=0.1)
    own = [Group(model[1].parameters(), lr_factor=7, weight_decay=0.0)]
    groups = parameter_groups(model, config, own=own)
    of = {id(p): (g["weight_decay"], g["factor"]) for g in groups for p in g["params"]}
    assert of[id(model[1].weight)] == (0.0, 7)
    assert of[id(model[0].weight)] == (0.1, 1)
    assert len(of) == 3


def test_a_batch_that_does_not_fit_is_answered_with_one_that_does() -> None:
    tried = []

    def attempt(crops: int) -> None:
        tried.append(crops)
        if crops > 40:
            raise torch.cuda.OutOfMemoryError

    assert fitting(64, 4, attempt) == 10
    assert len(tried) <= 7
    error = too_large(64, 4, 10, CPU)
    assert error.hint == "This would fit: --set data.p=10 --set accumulate=7"
    assert "64 identities × 4 crops = 256 crops" in str(error)
    assert "Not even one identity" in too_large(2, 4, fitting(2, 100, attempt), CPU).hint
    assert "data.p=32" in too_large(64, 4, None, CPU).hint, "with several GPUs nothing is tried"


def test_a_cpu_trains_in_fp32_unless_it_has_bf16_and_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agreid_cli.training.precision.cpu_has_bf16", lambda: False)
    heard = Heard()
    assert choose_precision("bf16", CPU, heard).name == "fp32"
    assert heard.notes == ["this CPU does not compute in bf16: training in fp32"]
    monkeypatch.setattr("agreid_cli.training.precision.cpu_has_bf16", lambda: True)
    asked = choose_precision("bf16", CPU)
    assert (asked.name, asked.device) == ("bf16", "cpu")
    with asked.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
    assert choose_precision("fp16", CPU).name == "fp32"
    assert choose_precision("mixed", CPU).name == "fp32"
    assert not choose_precision("fp16", CPU).scaler().is_enabled()


def test_joint_norms_share_weights_and_alone_change_nothing() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Sequential(nn.BatchNorm1d(4)))
    model[1].bias.requires_grad_(False)
    x = torch.randn(8, 3)
    before, keys = model(x), list(model.state_dict())
    weight = model[1].weight
    model = with_joint_norms(model, CPU)
    assert isinstance(model[1], JointBatchNorm)
    assert isinstance(model[2][0], JointBatchNorm)
    assert model[1].weight is weight
    assert not model[1].bias.requires_grad
    assert list(model.state_dict()) == keys
    model[1].running_mean.zero_()
    torch.testing.assert_close(model(x), before)
