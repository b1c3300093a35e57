"""Random manifests: disjoint splits, every query has a match, independent of row order.

The check is the slow and obvious one: every query row is held against every gallery row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agreid_cli.errors import InputError
from agreid_cli.metrics.protocol import sides, true_matches
from agreid_cli.records.crops import VIEW_OF_PLATFORM
from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.split import SPLIT, sides_of
from agreid_cli.splitting.counts import count
from agreid_cli.splitting.own import own_split
from agreid_cli.splitting.roles import to_table
from agreid_cli.splitting.rows import rows_of
from tests.support.tables import sightings_table

CAMERAS = ("uav0", "uav1", "cctv3", "cctv4", "wearable2")
SIGHTINGS = st.lists(
    st.tuples(st.integers(-1, 7), st.sampled_from(CAMERAS), st.integers(1, 4)),
    min_size=6,
    max_size=24,
    unique_by=lambda sighting: sighting[:2],
)
HOW = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 5),
        "train_fraction": st.sampled_from([0.1, 0.5, 0.8]),
        "queries_per_camera": st.integers(1, 3),
        "paired_in_train": st.sampled_from([0.0, 0.5]),
        "junk_in_gallery": st.booleans(),
        "wanted": st.sampled_from([(), (), ("all",), ("ag", "a2g"), ("g2g",)]),
    }
)


def build(manifest: pa.Table, how: dict[str, Any]) -> pa.Table:
    rows = rows_of(manifest)
    try:
        roles = own_split(rows, **how)
    except InputError:
        assume(False)
    return SPLIT.conform(to_table(rows, roles), "the split")


@settings(max_examples=80, deadline=None)
@given(SIGHTINGS, HOW)
def test_the_split_holds_what_it_promises(sightings: list[tuple[int, str, int]], how: dict[str, Any]) -> None:
    manifest = sightings_table(*sightings)
    crop = {row["crop_id"]: row for row in manifest.to_pylist()}
    split = [{**row, **crop[row["crop_id"]]} for row in build(manifest, how).to_pylist()]
    assert {row["crop_id"] for row in split} == set(crop), "every crop is spoken of"

    train = {row["pid"] for row in split if row["role"] == "train"}
    tested = {row["pid"] for row in split if row["role"] in ("query", "gallery")} - {-1}
    assert train
    assert len(tested) >= 2
    assert not train & tested
    assert -1 not in train

    asking = {row["crop_id"] for row in split if row["role"] == "query"}
    assert not asking & {row["crop_id"] for row in split if row["role"] == "gallery"}
    for name in {row["direction"] for row in split} - {None}:
        direction = DIRECTIONS[name]
        queries = [row for row in split if row["direction"] == name and row["role"] == "query"]
        gallery = [row for row in split if row["direction"] == name and row["role"] == "gallery"]
        assert queries
        assert all(takes(direction.query, row) for row in queries)
        assert all(takes(direction.gallery, row) for row in gallery)
        for query in queries:
            matches = [
                g for g in gallery if g["pid"] == query["pid"] and not is_junk(query, g, direction.junk)
            ]
            assert matches, f"{query['crop_id']} finds nobody in {name}"
        # The rest is gallery: every test crop of a searched platform that asks nowhere.
        rest = {
            row["crop_id"] for row in crop.values()
            if takes(direction.gallery, row) and row["crop_id"] not in asking
            and (row["pid"] in tested or (row["pid"] == -1 and how["junk_in_gallery"]))
        }  # fmt: skip
        assert {row["crop_id"] for row in gallery} == rest

    for pid, camid in {(row["pid"], row["camid"]) for row in split}:
        mine = {r["crop_id"] for r in crop.values() if (r["pid"], r["camid"]) == (pid, camid)} & asking
        assert len(mine) <= how["queries_per_camera"]


def takes(platforms: tuple[str, ...], row: dict[str, Any]) -> bool:
    return not platforms or row["platform"] in platforms


def is_junk(query: dict[str, Any], found: dict[str, Any], rule: str) -> bool:
    if rule == "camid":
        return bool(query["camid"] == found["camid"])
    return VIEW_OF_PLATFORM[query["platform"]] == VIEW_OF_PLATFORM[found["platform"]]


@settings(max_examples=30, deadline=None)
@given(SIGHTINGS, HOW, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_plays_no_part(
    sightings: list[tuple[int, str, int]], how: dict[str, Any], random: Any
) -> None:
    manifest = sightings_table(*sightings)
    order = list(range(len(manifest)))
    random.shuffle(order)
    assert build(manifest, how).equals(build(manifest.take(order), how))


@settings(max_examples=30, deadline=None)
@given(SIGHTINGS, HOW)
def test_the_counts_are_those_of_the_table(
    sightings: list[tuple[int, str, int]], how: dict[str, Any]
) -> None:
    manifest = sightings_table(*sightings)
    table = build(manifest, how)
    rows = rows_of(manifest)
    counts = count(rows, own_split(rows, **how))
    of = {row["crop_id"]: row for row in manifest.to_pylist()}
    split = table.to_pylist()
    people = [row for row in split if of[row["crop_id"]]["pid"] != -1]
    aerial = [row for row in people if of[row["crop_id"]]["platform"] == "uav"]
    assert counts.train_crops == sum(row["role"] == "train" for row in split)
    assert counts.unused_crops == sum(row["role"] == "unused" for row in split)
    assert counts.query_aerial == len({row["crop_id"] for row in aerial if row["role"] == "query"})
    assert counts.gallery_aerial == len({row["crop_id"] for row in aerial if row["role"] == "gallery"})
    parts = (counts.train_crops, counts.test_crops, counts.junk_crops, counts.unused_crops)
    assert sum(parts) == len(manifest)
    for part in counts.directions:
        n = {role: sum((r["direction"], r["role"]) == (part.direction, role) for r in people)
             for role in ("query", "gallery")}  # fmt: skip
        assert (part.n_query, part.n_valid, part.n_dropped) == (n["query"], n["query"], 0)
        assert part.n_gallery == n["gallery"]
        listed = sum((r["direction"], r["role"]) == (part.direction, "gallery") for r in split)
        assert part.n_junk == listed - part.n_gallery


@settings(max_examples=20, deadline=None)
@given(SIGHTINGS, HOW)
def test_the_referee_counts_the_same(sightings: list[tuple[int, str, int]], how: dict[str, Any]) -> None:
    manifest = sightings_table(*sightings)
    table, rows = build(manifest, how), rows_of(manifest)
    columns = {name: np.array(manifest[name].to_pylist()) for name in ("crop_id", "pid", "camid", "platform")}
    embeddings = Embeddings(
        blocks=(np.zeros((len(manifest), 1), np.float32),),
        crop_id=columns["crop_id"].astype(object),
        pid=columns["pid"],
        camid=columns["camid"],
        platform=columns["platform"].astype(object),
        role=np.full(len(manifest), None),
    )
    for part in count(rows, own_split(rows, **how)).directions:
        found = sides(embeddings, DIRECTIONS[part.direction], sides_of(table))
        assert (part.n_query, part.n_gallery, part.n_junk) == (
            len(found.query),
            len(found.gallery),
            found.n_junk,
        )
        assert part.n_valid == (true_matches(found) > 0).sum()


def test_spread_is_even_and_never_repeats() -> None:
    from agreid_cli.splitting.queries import spread

    for n in range(1, 40):
        for k in range(n + 1):
            at = spread(n, k)
            assert len(set(at.tolist())) == k
            assert ((at >= 0) & (at < n)).all()
            # Each k-th part of the time gives one, so that gaps differ by less than one part.
            assert k < 2 or np.ptp(np.diff(at)) <= 1
