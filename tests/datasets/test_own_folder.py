"""Own crops: one folder per person; the names give platform, camera and part."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.datasets.own_folder import look, number_cameras, number_persons, read
from agreid_cli.datasets.rows import Remark, Row
from agreid_cli.errors import Problem
from tests.datasets.trees import jpeg, put


def rows(
    root: Path, *paths: str, platform: str = ""
) -> tuple[dict[str, tuple[int, int, str]], dict[str, str], str]:
    for path in paths:
        put(root / path, jpeg())
    items = list(read(root, platform=platform))
    found = {i.path: (i.pid, i.camid, i.platform) for i in items if isinstance(i, Row)}
    problems = {i.where: i.what for i in items if isinstance(i, Problem)}
    return found, problems, " | ".join(i.text for i in items if isinstance(i, Remark))


@pytest.mark.parametrize(
    ("path", "person", "platform", "camera"),
    [
        ("person_001/uav_003.jpg", "person_001", "uav", "uav"),
        ("person_001/UAV-003.JPG", "person_001", "uav", "uav"),
        ("anna/drone2.webp", "anna", "uav", "uav2"),
        ("7/cctv/a b.png", "7", "cctv", "cctv"),
        ("7/cam12/ground 1.png", "7", "cctv", "12"),
        ("wearable/p3/1.jpg", "p3", "wearable", "wearable"),
        ("uav1/p3/x/y/1", "p3", "uav", "uav1"),
        ("0002/0002_c1s1_000451_03_cctv.jpg", "0002", "cctv", "1"),
    ],
)
def test_the_names_of_a_path_are_read(path: str, person: str, platform: str, camera: str) -> None:
    seen = look(path)
    assert not isinstance(seen, Problem)
    assert (seen.person, seen.platform, seen.camera) == (person, platform, camera)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("uav_1.jpg", "is in no person's folder"),
        ("uav/uav_1.jpg", "is in no person's folder"),
        ("train/uav_1.jpg", "is in no person's folder"),
        ("anna/1.jpg", "names no platform"),
        ("anna/uav/cctv_1.jpg", "names two platforms: cctv and uav"),
        ("anna/uav_c1_c2.jpg", "names two cameras: 1 and 2"),
        ("anna/subway_cctvs.jpg", "names no platform"),  # whole words only
    ],
)
def test_what_a_path_does_not_tell_is_a_problem(path: str, what: str) -> None:
    seen = look(path)
    assert isinstance(seen, Problem)
    assert what in seen.what


@pytest.mark.parametrize(
    ("folder", "roles"),
    [
        ("train", ("train",)),
        ("Query", ("query:all",)),
        ("gallery", ("gallery:all",)),
        ("test", ("test",)),
        ("", ()),
    ],
)
def test_folders_above_the_persons_name_the_part(folder: str, roles: tuple[str, ...]) -> None:
    seen = look(f"{folder}/anna/uav_1.jpg".lstrip("/"))
    assert not isinstance(seen, Problem)
    assert (seen.person, seen.roles) == ("anna", roles)


def test_numbers_in_folder_names_are_the_pids(tmp_path: Path) -> None:
    found, problems, said = rows(tmp_path, "person_007/uav_1.jpg", "person_012/cctv_1.jpg")
    assert found == {"person_007/uav_1.jpg": (7, 0, "uav"), "person_012/cctv_1.jpg": (12, 3, "cctv")}
    assert (problems, said) == ({}, "")


@pytest.mark.parametrize("names", [{"anna", "p2"}, {"1", "01"}, {"a1", "b1"}])
def test_other_persons_are_numbered_and_it_is_said(names: set[str]) -> None:
    pids, said = number_persons(names)
    assert sorted(pids.values()) == [1, 2]
    assert all(f"{name} = {pid}" in said for name, pid in pids.items())


def test_cameras_never_share_a_number() -> None:
    labels = {("uav", "uav"), ("uav2", "uav"), ("cctv1", "cctv"), ("3", "cctv"), ("wearable", "wearable")}
    camids, said = number_cameras(labels)
    assert len(set(camids.values())) == len(labels)
    assert camids["3"] == 3
    assert "uav2 = " in said


def test_the_platform_can_be_given_for_all_that_name_none(tmp_path: Path) -> None:
    found, problems, _ = rows(tmp_path, "a/1.jpg", "b/uav_1.jpg", platform="cctv")
    assert {platform for _, _, platform in found.values()} == {"cctv", "uav"}
    assert problems == {}


def test_litter_is_nobody(tmp_path: Path) -> None:
    put(tmp_path / "__MACOSX" / "person_1" / "uav_1.jpg", jpeg())
    put(tmp_path / "person_1" / "._uav_1.jpg", jpeg())
    found, problems, _ = rows(tmp_path, "person_1/uav_1.jpg")
    assert (set(found), problems) == ({"person_1/uav_1.jpg"}, {})
