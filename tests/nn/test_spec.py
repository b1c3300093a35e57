"""From a configuration to a model: every recipe describes a valid model."""

from __future__ import annotations

import pytest
import torch

from agreid_cli.config.recipes import RECIPES, recipe
from agreid_cli.config.train import LossConfig, ModelConfig
from agreid_cli.errors import InputError
from agreid_cli.nn.backbones import BACKBONES, TIMM
from agreid_cli.nn.heads import HEADS
from agreid_cli.nn.heads.pooling import GeM
from agreid_cli.nn.model import build_model
from agreid_cli.nn.spec import ModelSpec, check_spec, spec_from
from agreid_cli.nn.tables import check_options, part


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_names_parts_and_options_that_exist(name: str) -> None:
    config = recipe(name)
    spec = spec_from(config.model, config.loss)
    check_spec(spec)
    if not spec.backbone.startswith(TIMM):
        make = part(BACKBONES, spec.backbone, what="backbone")
        check_options(make, spec.backbone_options, what=spec.backbone)
    check_options(part(HEADS, spec.head, what="head"), spec.head_options, what=spec.head)


def test_the_choices_of_a_configuration_reach_the_model() -> None:
    loss = LossConfig(classifier="circle", scale=16.0, margin=0.2)
    config = ModelConfig(
        backbone="osnet-x0.25", head="mgn", weights="none", size=(64, 32), pool="gem", gem_p=2.5,
        part_channels=8, metric_feature="before", embedding="before",
    )  # fmt: skip
    model = build_model(spec_from(config, loss), 3).eval()
    torch.nn.init.constant_(model.head.parts[0].neck.weight, 2.0)
    for p in model.head.parts:
        assert isinstance(p.pooling, GeM)
        assert (p.pooling.p.item(), p.classifier.scale, p.classifier.margin) == (2.5, 16.0, 0.2)
    out = model(torch.randn(2, 3, 64, 32), labels=torch.tensor([0, 1]))
    assert out.embedding.shape == (2, 64)
    torch.testing.assert_close(out.metric[0].values, out.embedding[:, :8])


@pytest.mark.parametrize(("embedding", "is_after"), [("before", False), ("after", True)])
def test_the_ranked_side_of_the_neck_is_a_choice(embedding: str, is_after: bool) -> None:
    options = {"embedding": embedding, "metric_feature": "before"}
    model = build_model(ModelSpec("osnet-x0.25", "bot", (64, 32), head_options=options), 3).eval()
    torch.nn.init.constant_(model.head.neck.weight, 2.0)
    out = model(torch.randn(2, 3, 64, 32))
    assert torch.equal(out.embedding, out.metric[0].values) is not is_after


def test_a_choice_that_a_backbone_does_not_know_is_refused_unless_neutral() -> None:
    plain = ModelConfig(backbone="osnet-x0.25", weights="none", size=(64, 32))
    build_model(spec_from(plain, LossConfig()), 3)
    with pytest.raises(InputError, match=r"osnet-x0\.25 has no option 'non_local'"):
        build_model(spec_from(plain.model_copy(update={"non_local": True}), LossConfig()), 3)


def test_a_side_that_is_neither_is_refused() -> None:
    with pytest.raises(InputError, match="'before' or 'after' the neck, not 'beside'"):
        build_model(ModelSpec("osnet-x0.25", "bot", (64, 32), head_options={"embedding": "beside"}), 3)
