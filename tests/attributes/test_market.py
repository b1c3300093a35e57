from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.market import TOP, column_names, market_codebook, read_market_mat, write_market_mat
from agreid_cli.errors import InputError
from tests.attributes.people import people
from tests.support.labels import labels_of

BOOK = market_codebook()


def published(index: list[str], **columns: list[float]) -> dict[str, np.ndarray]:
    """One struct in the published shape; columns that are not given are all 1 (first code, or no)."""
    cells = np.empty((1, len(index)), dtype=object)
    cells[0, :] = index
    told = {name: columns.get(name, [1.0] * len(index)) for name in column_names()}
    return {**{name: np.array([values]) for name, values in told.items()}, "image_index": cells}


def save(path: Path, train: dict[str, np.ndarray], test: dict[str, np.ndarray] | None = None) -> Path:
    savemat(path, {TOP: {"train": train, "test": test or published(["0003"])}})
    return path


def test_there_are_27_columns_and_each_is_a_bit_or_a_group() -> None:
    assert len(column_names()) == 27
    assert len(set(column_names())) == 27
    assert Codebook.from_json(BOOK.to_json()) == BOOK


def test_codes_and_colours_become_words(tmp_path: Path) -> None:
    train = published(
        ["0002", "0007"], age=[4, 2], gender=[2, 1], clothes=[2, 1], upred=[1, 2], downbrown=[2, 1]
    )
    found = read_market_mat(save(tmp_path / "m.mat", train), BOOK)
    assert sorted(found.train) == [2, 7]
    assert sorted(found.test) == [3]
    assert labels_of(found.train[2], BOOK) == {
        "gender": "female", "age": "old", "hair": "short", "up": "long", "down": "long", "clothes": "pants",
        "hat": "no", "backpack": "no", "bag": "no", "handbag": "no",
        "upcolor": "unknown", "downcolor": "brown",
    }  # fmt: skip
    assert labels_of(found.train[7], BOOK)["upcolor"] == "red"
    assert any("upcolor for 1 identities" in note for note in found.notes)


def test_several_colours_and_strange_codes_are_unknown_and_counted(tmp_path: Path) -> None:
    train = published(["0002", "0007"], upred=[2, 2], upblue=[2, 1], age=[9, float("nan")])
    found = read_market_mat(save(tmp_path / "m.mat", train), BOOK)
    assert labels_of(found.train[2], BOOK)["upcolor"] == "unknown"
    assert labels_of(found.train[7], BOOK)["upcolor"] == "red"
    assert "train: no valid code in age for 2 identities; read as unknown" in found.notes


def test_what_is_written_is_read_back_and_has_the_published_shape(tmp_path: Path) -> None:
    train, test = people(1, 5, BOOK, first_pid=1), people(2, 4, BOOK, first_pid=100)
    write_market_mat(tmp_path / "a.mat", train, test, BOOK)
    write_market_mat(tmp_path / "b.mat", train, test, BOOK)
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()
    found = read_market_mat(tmp_path / "a.mat", BOOK)
    for part, given in ((found.train, train), (found.test, test)):
        assert sorted(part) == sorted(given)
        assert all((part[pid] == given[pid]).all() for pid in given)
    struct = loadmat(tmp_path / "a.mat")[TOP][0, 0]["train"]
    assert str(struct["image_index"][0][0][0][0][0]) == "0001"
    assert struct["upblack"][0][0].shape == (1, 5)


def test_every_lacking_column_is_named(tmp_path: Path) -> None:
    train = published(["0002"])
    del train["age"], train["upred"]
    with pytest.raises(InputError, match=r"train\.age") as caught:
        read_market_mat(save(tmp_path / "m.mat", train), BOOK)
    assert "train.upred" in str(caught.value)
    with pytest.raises(InputError, match="not an identity"):
        read_market_mat(save(tmp_path / "m.mat", published(["two"])), BOOK)
