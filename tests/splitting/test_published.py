"""The published roles are used unchanged, and checked."""

from __future__ import annotations

import pytest

from agreid_cli.errors import InputError
from agreid_cli.splitting.counts import count, problems_of
from agreid_cli.splitting.published import published_split
from agreid_cli.splitting.roles import to_table
from agreid_cli.splitting.rows import rows_of
from tests.support.tables import sightings_table

OFFICIAL = (
    (1, "uav0", 1), (1, "cctv3", 1),
    (2, "uav0", 2), (2, "cctv3", 1),
    (3, "uav0", 1),
)  # fmt: skip
ROLES = {
    "p1-uav0": "train",
    "p1-cctv3": "train",
    "p2-uav0-0": "query:a2g",
    "p2-uav0-1": "gallery:g2a; gallery:a2a",
    "p2-cctv3": "query:g2a;gallery:a2g",
    "p3-uav0": "query:a2g",
}


def test_the_roles_are_those_published() -> None:
    manifest = sightings_table(*OFFICIAL, published=ROLES)
    rows = rows_of(manifest)
    roles = published_split(rows, manifest)
    table = [tuple(row.values()) for row in to_table(rows, roles).to_pylist()]
    assert table == [
        ("p1-cctv3-0", "train", None),
        ("p1-uav0-0", "train", None),
        ("p2-cctv3-0", "gallery", "a2g"),
        ("p2-cctv3-0", "query", "g2a"),
        ("p2-uav0-0", "query", "a2g"),
        ("p2-uav0-1", "gallery", "g2a"),
        ("p2-uav0-1", "gallery", "a2a"),
        ("p3-uav0-0", "query", "a2g"),
    ]
    counts = count(rows, roles)
    a2g = counts.directions[0]
    # Identity 3 has no crop in the ground gallery: its query is kept, counted and named.
    assert (a2g.n_query, a2g.n_valid, a2g.n_dropped, a2g.dropped_pids) == (2, 1, 1, (3,))
    assert [str(p) for p in problems_of(rows, roles, counts)] == ["direction a2a: no query"]


def test_a_wanted_direction_is_taken_alone() -> None:
    manifest = sightings_table(*OFFICIAL, published=ROLES)
    assert list(published_split(rows_of(manifest), manifest, ["g2a"]).tested) == ["g2a"]
    with pytest.raises(InputError, match="not published; available: a2g, g2a, a2a"):
        published_split(rows_of(manifest), manifest, ["w2a"])


def test_the_junk_rule_of_the_direction_decides_about_matches() -> None:
    by_view = {
        "p2-uav0": "query:ag",
        "p2-uav1": "gallery:ag",
        "p3-uav0": "query:ag",
        "p3-cctv3": "gallery:ag",
    }
    sightings = ((1, "uav0", 1), (2, "uav0", 1), (2, "uav1", 1), (3, "uav0", 1), (3, "cctv3", 1))
    manifest = sightings_table(*sightings, published={"p1-uav0": "train", **by_view})
    rows = rows_of(manifest)
    (ag,) = count(rows, published_split(rows, manifest)).directions
    assert (ag.n_query, ag.n_valid, ag.dropped_pids) == (2, 1, (2,))


def test_identities_in_train_and_test_and_directions_without_a_match_are_problems() -> None:
    roles = {**ROLES, "p3-uav0": "gallery:g2a", "p2-uav0-1": "train", "p1-cctv3": "gallery:a2g"}
    manifest = sightings_table(*OFFICIAL, published=roles)
    rows = rows_of(manifest)
    found = published_split(rows, manifest)
    problems = [str(p) for p in problems_of(rows, found, count(rows, found))]
    assert problems == [
        "pid 1: is in train and in test",
        "pid 2: is in train and in test",
        "direction g2a: none of its 1 queries has a true match: no query's pid is in the gallery",
    ]


def test_without_the_column_the_error_says_which_command_makes_it() -> None:
    manifest = sightings_table(*OFFICIAL)
    with pytest.raises(InputError, match="agreid import-dataset NAME ROOT"):
        published_split(rows_of(manifest), manifest)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("probe:a2g", "'probe:a2g' is not one of train, query:DIRECTION, gallery:DIRECTION"),
        ("query", "'query' is not one of train, query:DIRECTION"),
        ("query:a2gg", "unknown direction 'a2gg'; did you mean 'a2g'?"),
        ("train;gallery:a2g", "is both a train and a test crop"),
        ("query:a2g;gallery:a2g", "both a query and a gallery crop of a2g"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_crop(entry: str, said: str) -> None:
    manifest = sightings_table(*OFFICIAL, published={**ROLES, "p3-uav0": entry})
    with pytest.raises(InputError) as caught:
        published_split(rows_of(manifest), manifest)
    assert "crop p3-uav0-0, column published" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(("roles", "lacking"), [({}, "train"), ({"p1-uav0": "train"}, "test")])
def test_a_column_without_roles_is_refused(roles: dict[str, str], lacking: str) -> None:
    manifest = sightings_table(*OFFICIAL, published=roles)
    with pytest.raises(InputError, match=f"has no {lacking} crop"):
        published_split(rows_of(manifest), manifest)


def test_a_direction_of_one_camera_says_that_the_camera_is_the_cause() -> None:
    roles = {"p1-cctv3-0": "query:all", "p1-cctv3-1": "gallery:all", "p2-cctv3": "train"}
    manifest = sightings_table((1, "cctv3", 2), (2, "cctv3", 2), published=roles)
    rows = rows_of(manifest)
    found = published_split(rows, manifest)
    (problem,) = problems_of(rows, found, count(rows, found))
    assert "by the query's own camera, which is junk" in problem.what
