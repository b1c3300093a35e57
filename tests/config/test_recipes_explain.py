"""The recipes of the explainable stream: the authors' values, for each network that can be explained."""

from __future__ import annotations

import pytest

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import RECIPES, recipe

BASES = [f"{head}-{backbone}" for head in ("bot", "sbs") for backbone in ("resnet50", "vit", "osnet")]


@pytest.mark.parametrize("base", BASES)
def test_same_network_as_its_base_and_the_authors_training(base: str) -> None:
    config, of = recipe(f"explain-{base}"), recipe(base)
    assert config.recipe == f"explain-{base}"
    assert config.model == of.model
    assert config.augment == of.augment
    assert (config.data.p, config.data.k, config.data.sampler) == (6, 4, "pk-images")
    assert (config.optim.name, config.learning_rate, config.optim.weight_decay) == ("adam", 1e-4, 5e-4)
    assert (config.schedule.name, config.schedule.epochs, config.schedule.warmup_iters) == (
        "constant",
        60,
        4810,
    )
    assert (config.precision, config.ema) == ("fp32", 0)
    explain = config.explain
    assert explain is not None
    assert (explain.K, explain.T, explain.v) == (1, 0.5, 0.5)
    assert (explain.distance_weight, explain.alpha, explain.beta) == (1, 10, 100)


def test_there_is_one_for_every_base_and_the_campus() -> None:
    own = {name for name in RECIPES if name.startswith("explain-")}
    assert own == {f"explain-{base}" for base in [*BASES, "campus"]}
    campus = recipe("explain-campus")
    assert campus.model == recipe("campus").model
    assert campus.explain is not None
    assert campus.explain.start == "teacher"


def test_constants_are_settings() -> None:
    config = with_overrides(
        recipe("explain-campus"),
        ["explain.alpha=3", "explain.exclude=age,ethnic", "explain.teacher=runs/campus", "explain.v=0.75"],
    )
    assert config.explain is not None
    assert (config.explain.alpha, config.explain.exclude) == (3, ("age", "ethnic"))
    assert config.explain.teacher == "runs/campus"
