"""The census of tables that can be counted by hand."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.datasets.census import census
from agreid_cli.datasets.table_one import LINES, PUBLISHED
from tests.support.tables import crops_table, manifest_table, sightings_table


def test_a_hand_made_table_is_counted() -> None:
    table = sightings_table((1, "uav0", 4), (1, "cctv3", 2), (2, "uav1", 1), (3, "cctv3", 3), (-1, "uav0", 5))
    found = census(table, "campus")
    assert (found.identities, found.identities_both_views, found.images, found.junk) == (3, 1, 10, 5)
    assert (found.attributes, found.images_with_attributes) == (0, 0)
    assert (found.camera_views, found.platforms, found.uavs) == ("fixed & mobile", "UAV & CCTV", 2)
    assert (found.cameras, found.videos) == ((0, 1, 3), 2)
    assert found.flying_altitude == "30 m"
    # Identity 1 has 6 crops, 2 has 1, 3 has 3.
    assert found.crops_per_identity == (1, 2, 3, 4.5, 6)
    uav, cctv = found.by_platform
    assert (uav.identities, uav.images, uav.junk, uav.cameras) == (2, 5, 5, (0, 1))
    assert (cctv.identities, cctv.images, cctv.junk, cctv.cameras) == (2, 5, 0, (3,))
    assert cctv.crops_per_identity == (2, 2.25, 2.5, 2.75, 3)


def test_distractors_are_images_of_nobody() -> None:
    table = sightings_table((0, "cctv3", 4), (1, "cctv3", 2), (-1, "cctv3", 1))
    marks = {**(table.schema.metadata or {}), "agreid.distractor_pids": "0"}
    found = census(table.replace_schema_metadata(marks), "market")
    assert (found.identities, found.images, found.junk) == (1, 6, 1)
    assert found.crops_per_identity == (2, 2, 2, 2, 2)


def test_sizes_are_those_of_real_crops_by_area() -> None:
    table = sightings_table((1, "uav0", 3))
    for name, values in (("width", [371, 31, 100]), ("height", [678, 59, 20])):
        column = table.column_names.index(name)
        table = table.set_column(column, name, pa.array(values, pa.int32()))
    (uav,) = census(table, "x").by_platform
    assert (uav.smallest, uav.median, uav.largest) == ((31, 59), (100, 20), (371, 678))


def test_quality_columns_are_summed_up_and_may_be_empty() -> None:
    table = manifest_table(2, n_pids=3)
    inside = pa.array([0.5, *[1.0] * (len(table) - 1)], pa.float32())
    table = table.set_column(table.column_names.index("in_frame"), "in_frame", inside)
    found = census(table, "x")
    assert sum(p.cut_by_frame or 0 for p in found.by_platform) == 1
    assert found.by_platform[0].pixelated == {"none": 9}
    scores = table.filter(pc.equal(table["platform"], "uav"))["score"].to_pylist()
    assert found.by_platform[0].score is not None
    assert found.by_platform[0].score[0] == min(scores)
    assert found.attributes == 15
    assert (found.images_with_attributes, found.identities_with_attributes) == (len(table), 3)
    for name in ("sharpness", "score", "in_frame", "pixelated", "altitude", "video_id"):
        at = table.column_names.index(name)
        table = table.set_column(at, table.field(at), pa.nulls(len(table), table.field(at).type))
    bare = census(table, "x")
    assert (bare.flying_altitude, bare.videos) == ("not known", 0)
    assert [(p.sharpness, p.score, p.cut_by_frame, p.pixelated) for p in bare.by_platform] == [
        (None, None, None, {})
    ] * 2


def test_crops_without_identities_are_all_images() -> None:
    found = census(crops_table(1), "x")
    assert (found.identities, found.crops_per_identity, found.images) == (None, None, len(crops_table(1)))


def test_the_published_columns_are_those_of_the_paper() -> None:
    assert [p.name for p in PUBLISHED] == ["Market-1501", "DukeMTMC", "PRAI-1581", "UAV-Human", "AG-ReID"]
    assert [p.identities for p in PUBLISHED] == [1501, 1404, 1581, 1144, 388]
    assert [p.images for p in PUBLISHED] == [32668, 36411, 39461, 41290, 21983]
    assert all(hasattr(p, field) for p in PUBLISHED for field, _ in LINES)
