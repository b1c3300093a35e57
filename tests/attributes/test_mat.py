from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from agreid_cli.attributes.mat import read_mat, write_mat
from agreid_cli.errors import InputError, MissingError
from tests.attributes.people import BOOK, people

TRAIN, TEST = people(0, 5), people(1, 3, first_pid=6021400)


def same(a: dict[int, np.ndarray], b: dict[int, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all((a[pid] == b[pid]).all() for pid in a)


def columns(vectors: dict[int, np.ndarray]) -> dict[str, Any]:
    """The struct as MATLAB would hold it: a column vector a bit and a column of cells."""
    values = np.array(list(vectors.values()), dtype=np.float64) + 1
    names = np.empty((len(vectors), 1), dtype=object)
    names[:, 0] = [f"{pid:010d}" for pid in vectors]
    return {name: values[:, [at]] for at, name in enumerate(BOOK.bits)} | {"image_index": names}


def save(path: Path, train: object, test: object) -> Path:
    savemat(path, {"qut_attribute": {"train": train, "test": test}})
    return path


@pytest.mark.parametrize(
    ("train", "test"), [(TRAIN, TEST), (TRAIN, {}), (people(0, 1), people(1, 1, BOOK, 3))]
)
def test_what_is_written_is_read_back(
    tmp_path: Path, train: dict[int, np.ndarray], test: dict[int, np.ndarray]
) -> None:
    write_mat(tmp_path / "a.mat", train, test, BOOK)
    back = read_mat(tmp_path / "a.mat", BOOK)
    assert same(back.train, train)
    assert same(back.test, test)
    assert same(back.union, {**train, **test})
    assert back.notes == []


def test_the_file_is_the_official_form(tmp_path: Path) -> None:
    write_mat(tmp_path / "a.mat", TRAIN, TEST, BOOK)
    top = loadmat(tmp_path / "a.mat", simplify_cells=True)["qut_attribute"]
    assert set(top) == {"train", "test"}
    assert set(top["train"]) == {*BOOK.bits, "image_index"}
    assert top["train"]["image_index"].tolist() == [f"{pid:010d}" for pid in sorted(TRAIN)]
    assert top["train"]["image_index"][0] == "0000021400"
    assert set(np.unique(top["train"]["uppertshirt"])) <= {1.0, 2.0}


def test_equal_attributes_give_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mat(tmp_path / "a.mat", TRAIN, TEST, BOOK)
    monkeypatch.setattr("time.asctime", lambda *a: "another day")
    write_mat(tmp_path / "b.mat", dict(reversed(TRAIN.items())), TEST, BOOK)
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()


def as_rows(struct: dict[str, Any]) -> object:
    return {name: values.T for name, values in struct.items()}


def as_uint8(struct: dict[str, Any]) -> object:
    return {n: v.astype(np.uint8) if n != "image_index" else v for n, v in struct.items()}


def with_char_matrix(struct: dict[str, Any]) -> object:
    return {**struct, "image_index": np.array(struct["image_index"][:, 0].tolist())}


def with_numbers(struct: dict[str, Any]) -> object:
    return {**struct, "image_index": np.array([[float(x)] for x in struct["image_index"][:, 0]])}


def in_reversed_order(struct: dict[str, Any]) -> object:
    return dict(reversed(struct.items()))


def in_a_cell(struct: dict[str, Any]) -> object:
    cell = np.empty((1, 1), dtype=object)
    cell[0, 0] = struct
    return cell


def as_struct_array(struct: dict[str, Any]) -> object:
    rows = np.zeros((len(struct["image_index"]), 1), dtype=[(name, object) for name in struct])
    for at in range(len(rows)):
        for name in struct:
            rows[at, 0][name] = struct[name][at, 0]
    return rows


def in_capitals(struct: dict[str, Any]) -> object:
    return {name.capitalize(): values for name, values in struct.items()}


@pytest.mark.parametrize(
    "shape",
    [as_rows, as_uint8, with_char_matrix, with_numbers, in_reversed_order, in_a_cell, as_struct_array,
     in_capitals],
)  # fmt: skip
def test_files_of_other_programs_are_read_by_name(tmp_path: Path, shape: Callable[..., object]) -> None:
    back = read_mat(save(tmp_path / "a.mat", shape(columns(TRAIN)), shape(columns(TEST))), BOOK)
    assert same(back.train, TRAIN)
    assert same(back.test, TEST)


def test_compressed_files_are_read(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"qut_attribute": {"train": columns(TRAIN), "test": columns(TEST)}},
            do_compression=True)  # fmt: skip
    assert same(read_mat(tmp_path / "a.mat", BOOK).train, TRAIN)


def test_excluded_groups_leave_their_columns_out(tmp_path: Path) -> None:
    less = BOOK.excluding(["age", "ethnic"])
    keep = [at for at, bit in enumerate(BOOK.bits) if bit in less.bits]
    back = read_mat(save(tmp_path / "a.mat", columns(TRAIN), columns(TEST)), less)
    assert same(back.train, {pid: bits[keep] for pid, bits in TRAIN.items()})
    assert back.notes == []


def test_wrong_columns_are_listed_at_once_with_the_nearest(tmp_path: Path) -> None:
    struct = columns(TRAIN)
    struct["uppercardigan"] = struct.pop("uppercardiga")
    struct["lowerleggings"] = struct.pop("lowerleggins")
    with pytest.raises(InputError) as caught:
        read_mat(save(tmp_path / "a.mat", struct, {}), BOOK)
    text = str(caught.value)
    assert "column uppercardiga: missing; did you mean 'uppercardigan'?" in text
    assert "column lowerleggings: is not in the codebook; did you mean 'lowerleggins'?" in text
    assert len(caught.value.problems) == 4


def test_a_column_in_one_part_alone_counts_as_no_in_the_other_and_extra_ones_are_said(tmp_path: Path) -> None:
    train, test = columns(TRAIN), columns(TEST)
    nobody = next(b for b in BOOK.bits if not np.array(list(TEST.values()))[:, BOOK.bits.index(b)].any())
    del test[nobody]
    train["shoesize"] = train["feetboots"]
    back = read_mat(save(tmp_path / "a.mat", train, test), BOOK)
    assert same(back.test, TEST)
    assert f"test lacks the columns {nobody}" in back.notes[0]
    assert "shoesize" in back.notes[1]


def test_a_group_without_one_yes_becomes_unknown_and_is_counted(tmp_path: Path) -> None:
    struct = columns(TRAIN)
    for bit in ("gendermale", "genderfemale", "genderunknown"):
        struct[bit] = struct[bit].copy()
        struct[bit][:2] = 1
    struct["ageyoung"], struct["ageold"] = np.full((5, 1), 2), np.full((5, 1), 2)
    back = read_mat(save(tmp_path / "a.mat", struct, {}), BOOK)
    assert all(bits.sum() == 15 for bits in back.train.values())
    assert [int(bits[2]) for bits in list(back.train.values())[:2]] == [1, 1]
    assert "train: no yes in gender for 2 identities, read as unknown" in back.notes
    assert "train: several yes in age for 5 identities, read as unknown" in back.notes


def test_wrong_values_counts_and_identities_are_listed_at_once(tmp_path: Path) -> None:
    struct = columns(TRAIN)
    struct["gendermale"] = np.array([[0.0], [1], [2], [3], [np.nan]])
    struct["headhat"] = struct["headhat"][:3]
    struct["image_index"][1, 0] = "P0001"
    struct["image_index"][2, 0] = "-1"
    with pytest.raises(InputError) as caught:
        read_mat(save(tmp_path / "a.mat", struct, {}), BOOK)
    text = str(caught.value)
    assert "train.gendermale: contains 0.0, 3.0, nan; allowed: 1 = no, 2 = yes" in text
    assert "'P0001' is not an identity" in text
    assert "'-1' is not an identity" in text


def test_an_identity_with_two_vectors_is_refused(tmp_path: Path) -> None:
    other = {21400: TEST[6021400]}
    with pytest.raises(InputError, match=r"image_index 21400: has different attributes in train and test"):
        read_mat(save(tmp_path / "a.mat", columns(TRAIN), columns(other)), BOOK)
    twice = columns(TRAIN)
    twice["image_index"][1, 0] = "0000021400"
    with pytest.raises(InputError, match="occurs twice"):
        read_mat(save(tmp_path / "a.mat", twice, {}), BOOK)


def test_one_part_is_enough_and_said(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"qut_attribute": {"train": columns(TRAIN)}})
    back = read_mat(tmp_path / "a.mat", BOOK)
    assert same(back.train, TRAIN)
    assert "no test part" in back.notes[0]


def test_files_that_are_not_the_official_one_get_a_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "a.mat"
    with pytest.raises(MissingError, match="does not exist"):
        read_mat(bad, BOOK)
    for content in (b"", b"pid,gender\n1,male\n" * 20, bytes(300)):
        bad.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read as a MATLAB file"):
            read_mat(bad, BOOK)
    bad.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))
    with pytest.raises(InputError, match="-v7"):
        read_mat(bad, BOOK)
    savemat(bad, {"market_attribute": {"train": columns(TRAIN)}})
    with pytest.raises(InputError, match="no variable qut_attribute"):
        read_mat(bad, BOOK)
    savemat(bad, {"qut_attribute": {"gallery": 1}})
    with pytest.raises(InputError, match="neither train nor test"):
        read_mat(bad, BOOK)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    whole = save(tmp_path / "a.mat", columns(TRAIN), columns(TEST)).read_bytes()
    for part in np.linspace(0, 0.99, 12):
        (tmp_path / "b.mat").write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(InputError):
            read_mat(tmp_path / "b.mat", BOOK)
