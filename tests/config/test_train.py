from __future__ import annotations

import pytest

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError

WRONG = [
    ("bot-resnet50", ["model.size=16x16"], "at least 32"),
    ("bot-osnet-fastreid", ["data.sampler=pk-views", "data.k=1"], "both views"),
    ("bot-osnet-fastreid", ["data.sampler=pk-images-views", "data.k=1"], "pk-images-views takes"),
    ("bot-resnet50", ["augment.pad=64"], "more than the crop's 128 pixels"),
    ("bot-resnet50", ["augment.erase_area=[0.5, 0.1]"], "the smaller first"),
    ("bot-resnet50", ["augment.flip=1.5"], "augment.flip"),
    ("bot-resnet50", ["schedule.milestones=[90, 40]"], "in ascending order"),
    ("bot-resnet50", ["loss.ce_weight=0", "loss.triplet.kind=none"], "both zero"),
    ("bot-resnet50", ["precision=fp64"], "precision"),
    ("bot-resnet50", ["optim.lr=0"], "optim.lr"),
    ("bot-resnet50", ["validation.directions=[]"], "at least one direction"),
    ("bot-resnet50", ["optim.rate=1"], "unknown key"),
]


@pytest.mark.parametrize(("name", "sets", "says"), WRONG)
def test_what_does_not_fit_together_is_refused(name: str, sets: list[str], says: str) -> None:
    with pytest.raises(InputError) as caught:
        with_overrides(recipe(name), sets)
    assert says in str(caught.value)


def test_values_that_only_fit_together_can_be_set_in_any_order() -> None:
    sets = ["data.k=1", "loss.triplet.kind=none"]
    for words in (sets, sets[::-1]):
        config = with_overrides(recipe("sbs-resnet50"), words)
        assert (config.data.k, config.loss.triplet.kind) == (1, "none")


def test_any_number_of_epochs_fits_every_recipe() -> None:
    for name in ("bot-resnet50", "sbs-vit", "sbs-resnet50", "campus"):
        for epochs in (0, 1, 2):
            assert with_overrides(recipe(name), [f"schedule.epochs={epochs}"]).schedule.epochs == epochs


def test_the_learning_rate_follows_the_batch() -> None:
    def rate(*sets: str) -> float:
        return with_overrides(recipe("bot-resnet50-fastreid"), sets).learning_rate

    assert rate() == 3.5e-4
    assert rate("data.p=32") == pytest.approx(7e-4)
    assert rate("data.p=8", "accumulate=2") == pytest.approx(3.5e-4)
    assert rate("data.p=32", "optim.lr_rule=none") == 3.5e-4


def test_a_size_is_one_word_or_two_numbers() -> None:
    for text in ("384x128", "[384, 128]", "384X128"):
        assert with_overrides(TrainConfig(), [f"model.size={text}"]).model.size == (384, 128)


def test_a_tree_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        TrainConfig().seed = 1  # type: ignore[misc]
