"""File names of exports: unique, and read back with the same meaning."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.datasets import ag_reid, market_1501
from agreid_cli.datasets.formats import Crop, parts_in
from agreid_cli.datasets.to_ag_reid import official_names
from agreid_cli.datasets.to_ag_reid import plan as plan_ag_reid
from agreid_cli.datasets.to_market_1501 import market_names
from agreid_cli.datasets.to_market_1501 import plan as plan_market
from agreid_cli.errors import InputError
from agreid_cli.records.crops import CAMID_OF_PLATFORM

PLATFORMS = ("uav", "cctv")


def crop(crop_id: str = "a", **fields: object) -> Crop:
    usual = {
        "name": f"{crop_id}.jpg", "pid": 7, "camid": 0, "platform": "uav", "altitude": None, "session": None,
        "frame": 30, "roles": ("query:a2g",),
    }  # fmt: skip
    return Crop(crop_id=crop_id, **{**usual, **fields})  # type: ignore[arg-type]


@st.composite
def crops(draw: st.DrawFn) -> list[Crop]:
    found = []
    for n in range(draw(st.integers(0, 12))):
        platform = draw(st.sampled_from(PLATFORMS))
        name = draw(
            st.sampled_from(
                ["x.png", "P0000T02140A0C0F31.jpg", "P0000T02140A0C0F00031.jpg", "0007_c3s1_000030_01.jpg"]
            )
        )
        found.append(
            crop(
                f"c{n:02d}",
                name=name,
                platform=platform,
                camid=CAMID_OF_PLATFORM[platform],
                pid=draw(st.sampled_from([0, 1, 7, 21400, 6021400, 12345678901, 2**62])),
                frame=draw(st.sampled_from([None, 0, 30, 30, 31])),
                session=draw(st.sampled_from([None, "02140", "s1", "s3"])),
                altitude=draw(st.sampled_from([None, 0, 2])),
            )
        )
    return found


@given(crops())
@settings(max_examples=60, deadline=None)
def test_official_names_differ_and_tell_pid_camera_and_frame(given_crops: list[Crop]) -> None:
    names = official_names(given_crops)
    assert len(set(names.values())) == len(names) == len(given_crops)
    for one in given_crops:
        row = ag_reid.parse(names[one.crop_id])
        assert row is not None
        assert (row.pid, row.camid, row.platform) == (one.pid, one.camid, one.platform)
        assert one.frame is None or row.frame == one.frame


@given(crops(), st.sampled_from([-1, 0, 5]))
@settings(max_examples=60, deadline=None)
def test_market_names_differ_and_tell_pid_camera_and_frame(given_crops: list[Crop], pid: int) -> None:
    given_crops = [*given_crops, crop("junk", pid=pid), crop("junk too", pid=pid)]
    names = market_names(given_crops)
    assert len(set(names.values())) == len(names) == len(given_crops)
    for one in given_crops:
        row = market_1501.parse(names[one.crop_id])
        assert row is not None
        assert (row.pid, row.camid) == (one.pid, one.camid)
        assert row.frame == (one.frame or 0)
        assert row.session == (one.session if one.session in ("s1", "s3") else "s1")


def test_an_official_name_is_kept_with_its_zeros_and_letters() -> None:
    name = "P0313T02220A0C0F08671Z.jpg"
    kept = crop(name=name, pid=313022200, frame=8670)
    assert official_names([kept]) == {"a": name}
    assert official_names([crop(name=name, pid=313022201, frame=8670)]) == {"a": "P0313T02220A1C0F8671.jpg"}


def test_a_pid_that_was_not_joined_is_told_without_a_session() -> None:
    names = official_names([crop(pid=1)])
    assert names == {"a": "P0000T00000A1C0F31.jpg"}
    row = ag_reid.parse(names["a"])
    assert row is not None
    assert (row.pid, row.session, row.altitude) == (1, None, None)


def test_crops_of_one_frame_get_letters_and_frameless_ones_are_counted() -> None:
    same = [crop(f"c{n:02d}") for n in range(29)]
    names = list(official_names(same).values())
    assert names[:3] == ["P0000T00000A7C0F31.jpg", "P0000T00000A7C0F31A.jpg", "P0000T00000A7C0F31B.jpg"]
    assert names[28] == "P0000T00000A7C0F31AB.jpg"
    lost = [crop("a", frame=None), crop("b", frame=None, pid=8), crop("c", frame=None)]
    assert [name.partition("F")[2] for name in official_names(lost).values()] == ["1.jpg", "1.jpg", "2.jpg"]


def planned(given_crops: Sequence[Crop], direction: str) -> tuple[dict[str, str], str]:
    plan = (plan_market if direction else plan_ag_reid)(None, given_crops, direction)
    return dict(plan.images), " | ".join(plan.notes)


def test_what_ag_reid_cannot_tell_is_said() -> None:
    images, notes = planned(
        [
            crop("a", pid=21400, roles=("query:a2g", "gallery:w2a")),
            crop("b", pid=21400, session="02140", altitude=0),
            crop("c", pid=-1),
            crop("d", roles=()),
            crop("e", session="03030", altitude=1, frame=None, roles=("train",)),
        ],
        "",
    )
    assert images == {
        "a": "query_all_c0/P0000T02140A0C0F31.jpg",
        "b": "query_all_c0/P0000T02140A0C0F31A.jpg",
        "e": "bounding_box_train/P0000T00000A7C0F1.jpg",
    }
    assert "1 crops have no role" in notes
    assert "1 crops are junk" in notes
    assert "2 crops have another session or altitude" in notes
    assert "1 crops have no frame number" in notes
    assert "cannot store w2a" in notes


def test_a_camera_that_ag_reid_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match="camera 1: is a uav camera"):
        planned([crop(camid=1)], "")
    assert planned([crop(camid=1, pid=-1)], "")[0] == {}


def test_what_market_cannot_tell_is_said() -> None:
    given_crops = [
        crop("a", pid=0, session="02140", altitude=1, roles=("query:ag",)),
        crop("b", roles=("gallery:a2g",)),
    ]
    images, notes = planned(given_crops, "ag")
    assert images == {"a": "query/0000_c0s1_000030_01.jpg"}
    assert "platform, altitude, session" in notes
    assert "own view is junk" in notes
    assert "pid 0 is a person here" in notes
    assert "1 crops have no role in ag" in notes


def test_one_direction_is_chosen_or_asked_for() -> None:
    both = [crop("a", roles=("query:a2g",)), crop("b", roles=("query:g2a",)), crop("c", roles=("train",))]
    with pytest.raises(InputError, match="a2g, g2a"):
        parts_in(both, "")
    assert parts_in(both, "exp4") == ("g2a", {"b": "query", "c": "train"})
    assert parts_in(both[:1], "") == ("a2g", {"a": "query"})
    with pytest.raises(InputError, match="no direction w2a; it has a2g"):
        parts_in(both[:1], "w2a")
    with pytest.raises(InputError, match="none"):
        parts_in(both[2:], "")


def test_a_direction_without_rows_takes_those_of_all_that_its_platforms_admit() -> None:
    everything = [
        crop("a", roles=("query:all",)),
        crop("b", roles=("gallery:all",)),
        crop("c", platform="cctv", camid=3, roles=("gallery:all",)),
        crop("d", roles=("train",)),
    ]
    assert parts_in(everything, "")[0] == "all"
    assert parts_in(everything, "a2g") == ("a2g", {"a": "query", "c": "gallery", "d": "train"})
    assert parts_in(everything, "a2a")[1] == {"a": "query", "b": "gallery", "d": "train"}
