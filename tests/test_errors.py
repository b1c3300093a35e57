"""The first twenty problems are shown in full, the others counted by kind without computing their texts."""

from __future__ import annotations

import pytest

from agreid_cli.errors import SHOWN, AgreidError, InputError, Problem, Problems, did_you_mean, shortened


def test_the_first_twenty_in_full_and_the_others_by_kind() -> None:
    problems, asked = Problems(), []

    def say(n: int) -> str:
        asked.append(n)
        return f"'{n}' is not a valid label"

    for n in range(1000):
        problems.add(f"a.csv, line {n}, column age", lambda n=n: say(n), kind="no such label")  # type: ignore[misc]
        if n % 10 == 0:
            problems.add(f"a.csv, line {n}", f"has {n} cells, but the header has 3")
    assert asked == [n for n in range(1000) if n < len(asked)], "only the shown ones were worked out"
    assert (problems.n, len(problems.found)) == (1100, SHOWN)
    with pytest.raises(InputError, match="1,100 faults") as caught:
        problems.raise_if_any("{n} faults")
    assert len(caught.value.problems) == SHOWN + 1
    assert str(caught.value.problems[-1]) == (
        "and 1,080 more: column age: no such label (982); has … cells, but the header has … (98)"
    )


def test_what_was_collected_elsewhere_keeps_its_counts() -> None:
    one, other = Problems(), Problems()
    for n in range(30):
        other.add(f"line {n}", f"'{n}' is wrong")
    one.add("x", "y")
    one.take(other, "ann")
    assert one.n == 31
    assert [str(p) for p in one.all()[:2]] == ["x: y", "ann: line 0: '0' is wrong"]
    assert str(one.all()[-1]) == "and 11 more: '…' is wrong"


def test_a_list_that_is_given_whole_is_shortened_too() -> None:
    many = [Problem(f"crop {n}", "is in train and in test") for n in range(500)]
    error = AgreidError("no", problems=many)
    assert len(error.problems) == SHOWN + 1
    assert str(error.problems[-1]) == "and 480 more: is in train and in test"
    assert shortened(many[: SHOWN + 1]) == tuple(many[: SHOWN + 1]), "a count at the end stays as it is"


def test_of_many_choices_few_are_compared_and_listed() -> None:
    choices = [f"video-{n:05d}" for n in range(50_000)]
    assert did_you_mean("video-0012", choices).startswith("; did you mean 'video-00")
    assert did_you_mean("zzz", choices).endswith("and 49,960 more")
