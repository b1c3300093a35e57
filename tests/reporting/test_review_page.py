"""The annotation page in a real browser, by keyboard, from tracks to files for build-manifest."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.review import ReviewConfig
from agreid_cli.records.manifest import attribute_matrix, codebook_of, read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.review import review
from agreid_cli.stages.data.build_manifest import build_manifest
from tests.support.browser import NEEDS_BROWSER, Seen, opened
from tests.support.faces import write_pictured
from tests.support.labels import labels_of

pytestmark = NEEDS_BROWSER

NAMES = official_codebook().names


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = write_pictured(tmp_path / "campus", 3, n_pids=3, crops_per_pid=4, junk_tracks=1)
    review(made, ReviewConfig())
    return made


def press(seen: Seen, *keys: str) -> None:
    for key in keys:
        seen.page.keyboard.press(key)


def card(seen: Seen, video: str, track: int) -> Any:
    return seen.page.locator(f'.card[aria-label^="{video} · {track},"]')


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def save(seen: Seen, workspace: Workspace) -> None:
    seen.download("#save-identities", workspace.identities)
    seen.download("#save-attributes", workspace.attributes)


def test_from_tracks_to_a_manifest_by_keyboard(workspace: Workspace, tmp_path: Path) -> None:
    page = workspace.root / "review.html"
    with opened(page) as seen:
        assert seen.page.locator(".card").count() == 8
        # Person 1 across the two cameras: both selected, seen beside each other, merged.
        press(seen, "ArrowDown", " ", "o", " ")
        assert seen.page.locator("#tray figure").count() == 2
        press(seen, "m")
        assert card(seen, "campus-uav", 1).get_attribute("aria-label").endswith("person 1, both sides")
        # Track 2 of the aerial camera holds two people: split before the third crop.
        card(seen, "campus-uav", 2).focus()
        press(seen, "n", "ArrowRight", "ArrowRight", "s")
        assert seen.page.locator(".side[data-view=aerial] .card").count() == 5
        assert seen.page.locator('.card[aria-label="campus-uav · 2 (frames 0 to 30), person 2"]').count() == 1
        assert (
            seen.page.locator('.card[aria-label="campus-uav · 2 (frames 60 to 90), undecided"]').count() == 1
        )
        press(seen, "ArrowDown", "n")
        # Track 4 is no person, in both cameras.
        card(seen, "campus-uav", 4).focus()
        press(seen, "x")
        card(seen, "campus-cctv", 4).focus()
        press(seen, "x")
        # A pid by hand; a wrong one is refused.
        card(seen, "campus-cctv", 2).focus()
        press(seen, "p")
        seen.page.keyboard.type("two")
        press(seen, "Enter")
        assert "integer" in seen.page.inner_text("#said")
        press(seen, "p")
        seen.page.keyboard.type("2")
        press(seen, "Enter")
        # Undone and done again.
        press(seen, "n", "Control+z")
        assert card(seen, "campus-cctv", 2).get_attribute("data-kind") == "person"
        # The attributes of person 1 by their codes, one left blank by going on, one taken back.
        press(seen, "i", "1", "2", "3", "j", "0", *"5", *"3", *"1", *"1", *"2", *"4", "b", *"0", *"0", "1")
        assert "14 of 15" in seen.page.inner_text("#person-count")
        press(seen, "Enter", "0", "Backspace", "Enter", "u")
        save(seen, workspace)
        assert seen.broken_images() == []
    assert seen.faults() == []
    rows = {
        (r["video_id"], r["track_id"], r["frame_from"], r["frame_to"]): r["pid"]
        for r in rows_of(workspace.identities)
    }
    assert rows == {
        ("campus-uav", "1", "", ""): "1",
        ("campus-cctv", "1", "", ""): "1",
        ("campus-uav", "2", "0", "30"): "2",
        ("campus-uav", "2", "60", "90"): "3",
        ("campus-cctv", "2", "", ""): "2",
        ("campus-uav", "3", "", ""): "",
        ("campus-cctv", "3", "", ""): "",
        ("campus-uav", "4", "", ""): "-1",
        ("campus-cctv", "4", "", ""): "-1",
    }
    typed = [1, 2, 3, None, 0, 5, 3, 1, 1, 2, 4, 11, 0, 0, 1]
    words = [
        "" if code is None else group.labels[code]
        for group, code in zip(official_codebook().groups, typed, strict=True)
    ]
    people = {row["pid"]: [row[name] for name in NAMES] for row in rows_of(workspace.attributes)}
    assert people["1"] == words
    assert people["3"] == [group.labels[-1] for group in official_codebook().groups]

    result = build_manifest(workspace, ManifestConfig())
    assert (result.n_identities, result.n_both_views, result.n_junk_crops) == (3, 2, 8)
    assert (result.n_with_attributes, result.n_unannotated_tracks) == (2, 2)
    table = read_manifest(workspace.manifest)
    found = {(r["video_id"], r["track_id"], r["frame"]): r["pid"] for r in table.to_pylist()}
    assert [found[("campus-uav", 2, frame)] for frame in (0, 30, 60, 90)] == [2, 2, 3, 3]
    at = table["pid"].to_pylist().index(1)
    labels = labels_of(attribute_matrix(table)[at], Codebook.from_json(codebook_of(table)))
    assert (labels["gender"], labels["age"], labels["upper"]) == ("female", "young", "Cardigan")


def test_work_is_kept_in_the_browser_and_other_files_are_never_taken_silently(workspace: Workspace) -> None:
    page = workspace.root / "review.html"
    with opened(page) as seen:
        press(seen, "ArrowDown", "x")
        seen.page.reload()
        assert card(seen, "campus-uav", 1).get_attribute("data-kind") == "junk"
        assert not seen.page.is_visible("#other")
        # Meanwhile somebody has put other annotations into the workspace.
        workspace.identities.write_text("video_id,track_id,pid\ncampus-uav,2,9\n")
        review(workspace, ReviewConfig())
        seen.page.reload()
        assert seen.page.is_visible("#other")
        assert card(seen, "campus-uav", 1).get_attribute("data-kind") == "junk"
        seen.page.click("#take-files")
        assert card(seen, "campus-uav", 1).get_attribute("data-kind") == "open"
        assert card(seen, "campus-uav", 2).get_attribute("data-kind") == "person"
        seen.page.click("#undo")
        assert card(seen, "campus-uav", 1).get_attribute("data-kind") == "junk"
        seen.page.reload()
        assert not seen.page.is_visible("#other")
    assert seen.faults() == []


def test_merging_two_identities_never_chooses_between_their_labels(workspace: Workspace) -> None:
    lines = ["campus-uav,1,5", "campus-cctv,1,3", "campus-uav,2,5"]
    workspace.identities.write_text("\n".join(["video_id,track_id,pid", *lines]))
    blank = ",".join([""] * 12)
    workspace.attributes.write_text(
        f"pid,{','.join(NAMES)}\n5,male,45-54,,{blank}\n3,male,35-44,Tall,{blank}\n"
    )
    review(workspace, ReviewConfig())
    with opened(workspace.root / "review.html") as seen:
        card(seen, "campus-uav", 1).focus()
        press(seen, " ")
        card(seen, "campus-cctv", 1).focus()
        press(seen, " ", "m")
        assert "now blank: Ages" in seen.page.inner_text("#said")
        save(seen, workspace)
    pids = {(r["video_id"], r["track_id"]): r["pid"] for r in rows_of(workspace.identities) if r["pid"]}
    assert pids == {("campus-uav", "1"): "3", ("campus-cctv", "1"): "3", ("campus-uav", "2"): "3"}
    (row,) = rows_of(workspace.attributes)
    assert (row["pid"], row["gender"], row["age"], row["height"]) == ("3", "male", "", "Tall")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_the_window_and_every_control_has_a_name(
    workspace: Workspace, tmp_path: Path, width: int, dark: bool
) -> None:
    with opened(workspace.root / "review.html", width=width, dark=dark) as seen:
        press(seen, "ArrowDown", " ", "o", " ")
        assert seen.overflow() == 0
        first, second = (
            seen.page.locator(f".side[data-view={v}]").bounding_box() for v in ("aerial", "ground")
        )
        assert first["y"] == second["y"]
        assert first["x"] < second["x"]
        press(seen, "m", "i")
        assert seen.overflow() == 0
        assert seen.page.evaluate(NAMELESS) == []
        press(seen, "t")
        assert seen.page.evaluate(NAMELESS) == []
    assert seen.faults() == []


NAMELESS = """() => Array.from(document.querySelectorAll("button, input, select")).filter((node) =>
  !node.getAttribute("aria-label") && !node.textContent.trim() && !node.labels?.length)
  .map((node) => node.outerHTML)"""


def test_a_thousand_tracks_are_in_lists_of_which_only_the_visible_part_exists(tmp_path: Path) -> None:
    workspace = write_pictured(tmp_path / "big", 1, n_pids=500, crops_per_pid=2)
    review(workspace, ReviewConfig())
    with opened(workspace.root / "review.html") as seen:
        assert "500 tracks" in seen.page.inner_text(".side[data-view=aerial]")
        assert 8 <= seen.page.locator(".card").count() < 60
        loaded = "Array.from(document.images).filter(i => i.complete && i.naturalWidth).length"
        assert seen.page.evaluate(loaded) < 120
        for down in range(31):  # as a held key repeats: not before the list has drawn the next card
            press(seen, "ArrowDown")
            seen.page.wait_for_function(f"document.activeElement.dataset.key === '{500 + down}:0'")
        seen.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        seen.page.wait_for_selector('.card[aria-label^="campus-cctv · 500,"]')
        assert 8 <= seen.page.locator(".card").count() < 60
        press(seen, "ArrowDown", "x")  # goes on where the arrows were
        assert card(seen, "campus-uav", 31).get_attribute("data-kind") == "junk"
    assert seen.faults() == []
