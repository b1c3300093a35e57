"""Facts stored with weights: typed, and read from files written before they existed."""

from __future__ import annotations

import pytest

from agreid_cli.errors import InputError
from agreid_cli.training.facts import Facts, as_metadata, read_facts
from agreid_cli.training.methods.explain import ExplainFacts


def test_facts_come_back_as_they_were() -> None:
    facts = Facts(n_ids=3, cameras=(0, 3), views=("aerial",), held_out=(7, 6021400))
    assert read_facts(Facts, as_metadata(facts), "a file") == facts


def test_files_of_before_have_an_entry_for_each() -> None:
    assert read_facts(Facts, {"n_ids": "12", "held_out": "3 6021400", "epoch": "2"}, "a file") == Facts(
        n_ids=12, held_out=(3, 6021400)
    )
    old = {"n_ids": "2", "codebook": "{}", "teacher": "runs/campus", "strangers_to_teacher": "True"}
    facts = read_facts(ExplainFacts, old, "a file")
    assert (facts.teacher, facts.strangers_to_teacher, facts.held_out) == ("runs/campus", True, ())


@pytest.mark.parametrize("words", [{}, {"n_ids": "many"}, {"facts": "{}"}, {"facts": "no JSON"}])
def test_what_is_missing_is_named(words: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"x\.safetensors lacks data that this network needs: \w"):
        read_facts(Facts, words, "x.safetensors")
