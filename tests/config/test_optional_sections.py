"""A setting in a disabled section: the error says how to enable the section."""

from __future__ import annotations

import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from agreid_cli.config.base import SwitchedOnBy
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import load_train
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError


def refusal(kind: type[BaseModel], *sets: str) -> str:
    with pytest.raises(InputError) as caught:
        with_overrides(kind(), sets)
    return str(caught.value)


def optional_sections(kind: type[BaseModel], place: str = "") -> Iterator[tuple[str, list[object]]]:
    for name, field in kind.model_fields.items():
        for part in typing.get_args(field.annotation) or (field.annotation,):
            if isinstance(part, type) and issubclass(part, BaseModel):
                if type(None) in typing.get_args(field.annotation):
                    yield f"{place}{name}", field.metadata
                yield from optional_sections(part, f"{place}{name}.")


def test_reranking_and_the_explainable_stream_say_how_they_are_switched_on() -> None:
    assert "the section rerank is off; switch it on with --set rerank=20,6,0.3" in refusal(
        EvaluateConfig, "rerank.k1=30"
    )
    said = refusal(TrainConfig, "explain.teacher=runs/a", "data.p=many")
    assert "--recipe explain-bot-vit" in said
    assert "data.p" in said
    with pytest.raises(InputError, match="--recipe explain-bot-vit"):
        load_train(None, ["explain.v=0.75"], name="bot-vit")


def test_what_the_sentence_says_works() -> None:
    config = with_overrides(EvaluateConfig(), ["rerank=20,6,0.3", "rerank.k1=30"])
    assert str(config.rerank) == "30,6,0.3"
    assert load_train(None, ["explain.v=0.75"], name="explain-bot-vit").explain is not None


def test_a_section_that_does_not_exist_is_still_unknown() -> None:
    assert "did you mean" in refusal(TrainConfig, "optm.lr=1")
    assert "switched" not in refusal(TrainConfig, "optm.lr=1")


@pytest.mark.parametrize("kind", [TrainConfig, EvaluateConfig])
def test_every_optional_section_is_marked(kind: type[BaseModel]) -> None:
    for place, marks in optional_sections(kind):
        assert any(isinstance(mark, SwitchedOnBy) for mark in marks), place
