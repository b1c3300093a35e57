from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.attributes.attributes_csv import AttributeRows, read_attributes
from agreid_cli.attributes.bits import known_of
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.mat import read_mat, write_mat
from agreid_cli.errors import Problems
from tests.attributes.people import BOOK
from tests.support.labels import labels_of, vector_of

NAMES = list(BOOK.names)


def read(path: Path, text: str, codebook: Codebook = BOOK) -> tuple[AttributeRows, list[str]]:
    path.write_bytes(text.encode())
    problems = Problems()
    return read_attributes(path, codebook, problems), [str(problem) for problem in problems.found]


def table(rows: list[list[object]], header: list[str] | None = None, **how: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, **how).writerows([header or ["pid", *NAMES], *rows])  # type: ignore[arg-type]
    return stream.getvalue()


CODES = st.lists(st.tuples(*(st.integers(0, len(group.labels) - 1) for group in BOOK.groups)),
                 min_size=1, max_size=4)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(codes=CODES, order=st.permutations(range(16)), as_labels=st.booleans())
def test_official_codes_to_bits_to_mat_and_back(
    tmp_path_factory: pytest.TempPathFactory,
    codes: list[tuple[int, ...]],
    order: list[int],
    as_labels: bool,
) -> None:
    folder = tmp_path_factory.mktemp("shows")
    rows = []
    for number, person in enumerate(codes):
        cells = [g.labels[c] if as_labels else c for g, c in zip(BOOK.groups, person, strict=True)]
        rows.append([21400 + number, *cells])
    header = [["pid", *NAMES][at] for at in order]
    found, problems = read(folder / "a.csv", table([[row[at] for at in order] for row in rows], header))
    assert problems == []
    matrix = np.array(list(found.bits.values()))
    assert matrix.shape == (len(codes), 88)
    assert (matrix.sum(axis=1) == 15).all()
    for person, bits in zip(codes, matrix, strict=True):
        assert [BOOK.bits[at] for at in np.flatnonzero(bits)] == [
            g.bits[g.fold[c]] for g, c in zip(BOOK.groups, person, strict=True)
        ]
        differing = {int((bits ^ other).sum()) for other in matrix}
        assert all(m_e % 2 == 0 and m_e <= 30 for m_e in differing)
    write_mat(folder / "a.mat", found.bits, {}, BOOK)
    back = read_mat(folder / "a.mat", BOOK).train
    assert back.keys() == found.bits.keys()
    assert all((back[pid] == bits).all() for pid, bits in found.bits.items())


def test_official_titles_bom_semicolons_and_crlf(tmp_path: Path) -> None:
    titles = [group.title.upper() for group in BOOK.groups]
    words = [group.labels[0].lower() for group in BOOK.groups]
    text = "\ufeff" + table([[7, *words]], ["PID", *titles], delimiter=";", lineterminator="\r\n")
    found, problems = read(tmp_path / "a.csv", text.replace("HAIR COLOR", "Hair Colour"))
    assert problems == []
    assert found.notes == []
    assert (found.bits[7] == vector_of(dict.fromkeys(NAMES, 0), BOOK)).all()


def test_parts_key_the_rows_too(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "a.csv", table([[6, "2140", 0, *[0] * 15]], ["P", "T", "A", *NAMES]))
    assert list(found.bits) == [6021400]


def test_blank_labels_are_unknown_and_blank_rows_are_not_annotated_yet(tmp_path: Path) -> None:
    found, problems = read(tmp_path / "a.csv", table([[1, 1, *[""] * 14], [2, *[""] * 15]]))
    assert problems == []
    assert list(found.bits) == [1]
    assert known_of(found.bits[1], BOOK).tolist() == [True] + [False] * 14
    assert labels_of(found.bits[1], BOOK)["gender"] == "female"
    assert found.notes == [
        "a.csv: 14 blank labels, read as unknown",
        "a.csv: no label yet for 1 identity, so no attributes",
    ]


def test_groups_left_out_need_no_column_and_are_not_looked_at(tmp_path: Path) -> None:
    less = BOOK.excluding(["age", "bag"])
    header = ["pid", *less.names]
    found, problems = read(tmp_path / "a.csv", table([[1, *[0] * 13]], header), less)
    assert problems == []
    assert found.bits[1].shape == (88 - 4 - 9,)
    found, problems = read(tmp_path / "b.csv", table([[1, *[0] * 13, "nonsense"]], [*header, "age"]), less)
    assert (problems, found.notes) == ([], [])


def test_every_bad_row_is_told_at_once(tmp_path: Path) -> None:
    good = [0] * 15
    rows: list[list[object]] = [
        [1, *good],
        [1, *good],
        ["x", *good],
        ["", *good],
        [-1, *good],
        [2, "mal", "18-25", *[0] * 10, "Jaens", 12, 3],
        [3, 0, 0],
    ]
    _, problems = read(tmp_path / "a.csv", table(rows))
    text = "\n".join(problems)
    assert [problem.split(":")[0] for problem in problems] == [
        "a.csv, line 3",
        "a.csv, line 4, column pid",
        "a.csv, line 5, column pid",
        "a.csv, line 6, column pid",
        "a.csv, line 7, column gender",
        "a.csv, line 7, column age",
        "a.csv, line 7, column lower",
        "a.csv, line 7, column feet",
        "a.csv, line 8",
    ]
    for said in (
        "identity 1 is already in line 2",
        "is blank, but the row has labels",
        "-1 is junk",
        "'mal' is not a valid label; did you mean 'male'?",
        "did you mean '18-24'?",
        "did you mean 'Jeans'?",
        "code 12 does not exist",
        "has 3 cells, but the header has 16",
    ):
        assert said in text


def test_missing_and_double_columns_are_all_told(tmp_path: Path) -> None:
    names = [name for name in NAMES if name not in ("upper", "bag")]
    _, problems = read(tmp_path / "a.csv", table([], ["upperr", "Ages", *names]))
    assert problems == [
        "a.csv, line 1, column pid: missing",
        "a.csv, line 1: age and Ages are two columns for one attribute",
        "a.csv, line 1, column upper: missing; did you mean 'upperr'?",
        "a.csv, line 1, column bag: missing",
        "a.csv, line 1: columns not used: upperr",
    ]


def test_columns_that_are_not_used_are_said(tmp_path: Path) -> None:
    found, _ = read(
        tmp_path / "a.csv", table([[1, *[0] * 15, "x", 3]], ["pid", *NAMES, "shoe size", "crops"])
    )
    assert found.notes == ["a.csv: columns not used: shoe size"]


def test_labels_keep_what_bits_cannot(tmp_path: Path) -> None:
    names = list(BOOK.names)
    blank = dict.fromkeys(names, "")
    rows = {
        1: {**blank, "gender": "M", "age": "4", "feet": "sport shoes"},
        2: {**blank, "age": "45-54", "upper": "unknown"},
        3: blank,
    }
    lines = [",".join(["pid", *names]), *(",".join([str(p), *r.values()]) for p, r in rows.items())]
    found, problems = read(tmp_path / "a.csv", "\n".join(lines))
    assert problems == []
    assert found.labels == {
        1: {**blank, "gender": "male", "age": "35-44", "feet": "Sport_shoe"},
        2: {**blank, "age": "45-54", "upper": "Unknown"},
        3: blank,
    }
    assert set(found.bits) == {1, 2}
