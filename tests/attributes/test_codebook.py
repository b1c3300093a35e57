from __future__ import annotations

import json

import pytest

from agreid_cli.attributes.codebook import Codebook, Group
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_manifest import AGE_FOLD
from agreid_cli.errors import InputError
from tests.attributes.people import BOOK
from tests.support.tables import GROUP_SIZES


def test_the_official_order_and_spelling() -> None:
    assert len(BOOK.groups) == 15
    assert BOOK.n_bits == len(BOOK.bits) == 88
    assert BOOK.sizes == GROUP_SIZES
    assert BOOK.bits[:7] == (
        "gendermale", "genderfemale", "genderunknown", "ageyoung", "agemiddle", "ageold", "ageunknown",
    )  # fmt: skip
    assert BOOK.bits[-2:] == ("bagnothing", "bagunknown")
    assert {"uppercardiga", "lowerleggins", "headneckless", "ethnicindia", "bagsportif"} <= set(BOOK.bits)
    assert all(BOOK.bits[at].endswith("unknown") for at in BOOK.unknown_bits)


def test_a_code_selects_the_bit_of_its_number_except_in_age() -> None:
    for group in BOOK.groups:
        if group.name == "age":
            assert [group.bits[at] for at in group.fold] == [
                *["ageyoung"] * 4, *["agemiddle"] * 2, *["ageold"] * 2, "ageunknown",
            ]  # fmt: skip
        else:
            assert group.fold == tuple(range(len(group.bits)))


def test_groups_left_out_change_the_count_and_nothing_else() -> None:
    less = BOOK.excluding(["Ethnic ", "age"])
    assert less.n_bits == 88 - 5 - 4
    assert less.bits == tuple(b for b in BOOK.bits if not b.startswith(("ethnic", "age")))
    assert less.hash != BOOK.hash
    assert BOOK.excluding([]) == BOOK


def test_unknown_groups_to_leave_out_are_all_named() -> None:
    with pytest.raises(InputError) as caught:
        BOOK.excluding(["etnic", "age", "hair"])
    assert "did you mean 'ethnic'" in str(caught.value)
    assert "exclude hair" in str(caught.value)
    with pytest.raises(InputError, match="at least one"):
        BOOK.excluding(BOOK.names)


def test_json_brings_back_an_equal_codebook() -> None:
    for book in (BOOK, BOOK.excluding(["bag"])):
        assert Codebook.from_json(book.to_json()) == book
        assert Codebook.from_json(json.loads(book.to_json())).hash == book.hash


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"groups": [{"name": "x"}]}', '{"groups": []}'])
def test_a_stored_text_that_is_no_codebook_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="codebook"):
        Codebook.from_json(text)


def test_another_age_fold_is_another_codebook() -> None:
    other = official_codebook({**AGE_FOLD, "25-34": "middle"})
    assert other.bits == BOOK.bits
    assert other.hash != BOOK.hash
    assert other.groups[1].bits[other.groups[1].fold[3]] == "agemiddle"


def test_a_codebook_with_a_bit_twice_cannot_be_made() -> None:
    group = Group("a", "A", ("ax", "aunknown"), ("x", "unknown"), (0, 1))
    with pytest.raises(InputError, match="twice"):
        Codebook((group, group))
