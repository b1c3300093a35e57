"""Frequencies as published, and plausible people."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from agreid_cli.attributes.official import official_codebook
from agreid_cli.synth.people.population import SHARES, draw_population
from tests.support.labels import vector_of


@pytest.fixture(scope="module")
def many() -> list[dict[str, str]]:
    return draw_population(807, np.random.default_rng(0))


@pytest.mark.parametrize("group", SHARES)
def test_every_label_has_its_published_share_within_one_person(
    many: list[dict[str, str]], group: str
) -> None:
    counts, total = Counter(person[group] for person in many), sum(SHARES[group].values())
    for label, published in SHARES[group].items():
        assert counts[label] == pytest.approx(published * 807 / total, abs=1.01), label


def test_groups_go_together_as_people_do(many: list[dict[str, str]]) -> None:
    women = [person for person in many if person["gender"] == "female"]
    assert not [person for person in women if "on" in (person["beard"], person["moustache"])]
    assert not [person for person in many if person["gender"] == "male" and person["lower"] == "skirt"]
    long = [person["gender"] for person in many if person["hairstyle"] in ("long", "horsetail")]
    assert long.count("female") > 0.8 * len(long)
    dresses = [person["lower"] for person in many if person["upper"] == "dress"]
    assert dresses.count("dress") > 0.6 * len(dresses)


def test_a_small_campus_has_the_common_labels_and_the_seed_decides() -> None:
    people = draw_population(4, np.random.default_rng(1))
    assert people == draw_population(4, np.random.default_rng(1))
    assert people != draw_population(4, np.random.default_rng(2))
    assert {person["gender"] for person in people} == {"male", "female"}
    assert len(draw_population(1, np.random.default_rng(0))) == 1


def test_the_words_are_those_of_the_codebook(many: list[dict[str, str]]) -> None:
    book = official_codebook()
    for group, labels in SHARES.items():
        bits = {bit for bit in book.bits if bit.startswith(group)}
        assert {f"{group}{label}" for label in labels} <= bits, group
    vector = vector_of(many[0], book)
    assert vector.sum() == 15
