"""The choice of queries and gallery, its fingerprint, and errors if it is impossible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.errors import InputError
from agreid_cli.metrics.protocol import directions_in, fingerprint, sides, true_matches
from agreid_cli.records.directions import find_direction
from agreid_cli.records.embeddings import Embeddings

PLATFORMS = ["uav", "uav", "cctv", "cctv", "cctv", "wearable"]


def crops(**changed: object) -> Embeddings:
    """Six crops: two from the air, three from two ground cameras, one worn; pids 1 2 1 2 -1 1."""
    n = 6
    columns: dict[str, object] = {
        "crop_id": list("abcdef"), "pid": [1, 2, 1, 2, -1, 1], "camid": [0, 0, 3, 4, 3, 2],
        "platform": PLATFORMS, "role": [None] * n, **changed,
    }  # fmt: skip
    arrays = {k: np.array(v, np.int64 if k in ("pid", "camid") else object) for k, v in columns.items()}
    return Embeddings(blocks=(np.zeros((n, 2), np.float32),), **arrays)


def shown(embeddings: Embeddings, name: str, lists: object = None) -> tuple[str, str]:
    found = sides(embeddings, find_direction(name), lists)  # type: ignore[arg-type]
    return "".join(embeddings.crop_id[found.query]), "".join(embeddings.crop_id[found.gallery])


def test_platforms_alone_choose_and_junk_leaves_the_gallery() -> None:
    assert shown(crops(), "a2g") == ("ab", "cd")
    assert shown(crops(), "a2w") == ("ab", "f")
    assert shown(crops(), "exp3") == ("ab", "cdf")
    assert shown(crops(), "all") == ("abcdef", "abcdf")
    assert sides(crops(), find_direction("g2a"), None).n_junk == 0
    assert sides(crops(), find_direction("a2g"), None).n_junk == 1


def test_roles_of_the_file_come_before_platforms_and_the_split_before_both() -> None:
    told = crops(role=["query", None, "gallery", "gallery", "gallery", "gallery"])
    assert shown(told, "a2g") == ("a", "cd")
    assert shown(told, "a2g", {"a2g": (["b"], ["d", "c"])}) == ("b", "dc")


def test_a_direction_that_the_split_does_not_list_comes_from_all() -> None:
    lists = {"all": (["a", "b", "c"], ["d", "e", "f", "a"])}
    assert shown(crops(), "cargo-all", lists) == ("abc", "dfa")
    assert shown(crops(), "a2g", lists) == ("ab", "d")
    assert " ".join(directions_in(crops(), lists)) == "a2g g2a a2w a2gw g2w a2a g2g all ag"
    assert directions_in(crops(), {"a2g": (["a"], ["c"]), "g2a": ([], ["a"])}) == ["a2g"]


def test_junk_by_view_is_another_protocol_with_another_fingerprint() -> None:
    lists = {"all": (["a", "c"], ["c", "d", "f", "b"])}
    by_camera, by_view = (sides(crops(), find_direction(name), lists) for name in ("all", "ag"))
    assert by_view.gallery.tolist() == by_camera.gallery.tolist(), "strangers of the own view stay"
    assert true_matches(by_camera).tolist() == [2, 1]
    assert true_matches(by_view).tolist() == [2, 0], "c and f are both on the ground"
    ids = crops().crop_id
    assert fingerprint(by_camera, ids) != fingerprint(by_view, ids)
    with pytest.raises(InputError, match="needs the platform") as caught:
        sides(crops(platform=[None, *PLATFORMS[1:]]), find_direction("ag"), lists)
    assert "crop a" in str(caught.value)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(6)), st.sampled_from(["pid", "camid", "crop_id"]), st.integers(0, 3))
def test_the_fingerprint_sees_every_change_and_no_order(order: list[int], column: str, row: int) -> None:
    def mark(embeddings: Embeddings) -> str:
        return fingerprint(sides(embeddings, find_direction("a2g"), None), embeddings.crop_id)

    base = crops()
    columns = {name: getattr(base, name).tolist() for name in ("crop_id", "pid", "camid", "platform", "role")}
    shuffled = {name: [values[i] for i in order] for name, values in columns.items()}
    assert mark(crops(**shuffled)) == mark(base)
    changed = list(columns[column])
    changed[row] = {"pid": 3, "camid": 9, "crop_id": "z"}[column]
    assert mark(crops(**{column: changed})) != mark(base)
    assert mark(crops(pid=[1, 2, 1, 2, -1, 7])) == mark(base), "f takes no part"


@pytest.mark.parametrize(
    ("changed", "direction", "lists", "said"),
    [
        ({}, "w2w", None, ["none of the 1 queries has a true match", "own camid"]),
        ({"platform": ["uav"] * 6}, "a2g", None, ["no crop of platform cctv", "here: a2a, all, ag"]),
        ({"platform": [None] * 6}, "a2g", None, ["platform_of_camid", "here: all"]),
        ({"role": ["query"] * 6}, "all", None, ["gallery: no crop", "here: none"]),
        ({"pid": [1, 2, 5, 6, 7, 8]}, "a2g", None, ["none of the 2 queries", "no identity"]),
        ({}, "a2g", {"a2g": (["a", "x"], ["c", "y"])}, ["2 crops", "crop x: query", "crop y"]),
        ({}, "g2a", {"a2g": (["a"], ["c"])}, ["no crops to rank in direction g2a", "here: a2g"]),
    ],
)  # fmt: skip
def test_what_cannot_be_ranked_is_explained(
    changed: dict[str, object], direction: str, lists: object, said: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        sides(crops(**changed), find_direction(direction), lists)  # type: ignore[arg-type]
    for words in said:
        assert words in str(caught.value)
