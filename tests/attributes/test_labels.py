from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.attributes.bits import known_of
from agreid_cli.attributes.codebook import Group
from agreid_cli.attributes.labels import class_of, label_problem
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_manifest import AGE_FOLD
from tests.attributes.people import BOOK
from tests.support.labels import vector_of

GROUPS = {group.name: group for group in BOOK.groups}


def bit(text: str, group: str) -> str | None:
    found = class_of(text, GROUPS[group])
    return None if found is None else GROUPS[group].bits[found]


def test_every_official_label_code_and_column_means_its_bit() -> None:
    for group in BOOK.groups:
        for code, label in enumerate(group.labels):
            wanted = group.fold[code]
            spellings = [label, label.upper(), label.replace("_", " "), label.replace("_", "-"), f" {label} "]
            assert [class_of(word, group) for word in [*spellings, str(code), f"{code}.0"]] == [wanted] * 7
        for at, name in enumerate(group.bits):
            assert class_of(name, group) == at
            assert class_of(name.removeprefix(group.name), group) == at


@pytest.mark.parametrize(
    ("group", "text", "wanted"),
    [
        ("gender", "F", "genderfemale"),
        ("age", "18–24", "ageyoung"),
        ("age", "18 - 24", "ageyoung"),
        ("age", "65+", "ageold"),
        ("age", "middle", "agemiddle"),
        ("age", "5", "agemiddle"),
        ("haircolor", "grey", "haircolorgray"),
        ("hairstyle", "Horse tail", "hairstylehorsetail"),
        ("beard", "no", "beardoff"),
        ("glasses", "sun-glasses", "glassessun"),
        ("head", "Necklace", "headneckless"),
        ("upper", "T Shirt", "uppertshirt"),
        ("upper", "Cardigan", "uppercardiga"),
        ("lower", "leggings", "lowerleggins"),
        ("feet", "Sports shoes", "feetsportshoe"),
        ("bag", "BACK PACK", "bagbackpack"),
        ("bag", "rolling bag", "bagrolling"),
        ("bag", "", "bagunknown"),
        ("bag", " ? ", "bagunknown"),
        ("bag", "NaN", "bagunknown"),
    ],
)
def test_spellings_that_people_use(group: str, text: str, wanted: str) -> None:
    assert bit(text, group) == wanted


@pytest.mark.parametrize(
    ("group", "text", "said"),
    [
        ("haircolor", "blakc", "did you mean 'Black'"),
        ("upper", "cape", "allowed: T-shirt, Blouse"),
        ("upper", "cape", "or codes 0 to 12"),
        ("gender", "3", "code 3 does not exist; allowed: 0 male, 1 female, 2 unknown"),
        ("gender", "-1", "allowed: male, female, unknown"),
        ("gender", "1.5", "'1.5' is not a valid label"),
        ("age", "9", "8 Unknown"),
        ("age", "17-Dec", "did you mean '12-17'"),
        ("age", "20", "code 20 does not exist"),
        ("beard", "maybe", "allowed: Yes, No, Unknown"),
    ],
)
def test_words_that_nobody_can_tell_are_refused_with_the_nearest(group: str, text: str, said: str) -> None:
    assert bit(text, group) is None
    assert said in label_problem(text, GROUPS[group])


def test_a_word_that_could_mean_two_bits_means_none() -> None:
    group = Group("g", "G", ("gred", "gredunknown", "gunknown"), ("Red", "RED", "unknown"), (0, 1, 2))
    assert class_of("red", group) is None


@settings(max_examples=40, deadline=None)
@given(st.tuples(*(st.integers(0, len(group.labels) - 1) for group in BOOK.groups)))
def test_readme_codes_and_labels_give_one_vector(codes: tuple[int, ...]) -> None:
    by_code = vector_of({group.name: c for group, c in zip(BOOK.groups, codes, strict=True)}, BOOK)
    words = {group.name: group.labels[c] for group, c in zip(BOOK.groups, codes, strict=True)}
    assert (by_code == vector_of(words, BOOK)).all()
    assert int(by_code.sum()) == 15
    for at, (group, code) in enumerate(zip(BOOK.groups, codes, strict=True)):
        assert bool(known_of(by_code, BOOK)[at]) == (group.labels[code].lower() != "unknown")


def test_the_age_fold_decides() -> None:
    other = official_codebook({**AGE_FOLD, "25-34": "middle"})
    assert vector_of({"age": "25-34"}, BOOK)[3] == 1
    assert vector_of({"age": "25-34"}, other)[4] == 1
    assert vector_of({"age": 3}, other)[4] == 1
