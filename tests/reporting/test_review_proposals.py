"""Proposals on the annotation page, in a real browser: answers by keys, what follows, and the exports."""

from __future__ import annotations

import csv
import re
import statistics
from pathlib import Path

import numpy as np
import pytest

from agreid_cli.config.identify import ProposeConfig
from agreid_cli.config.review import ReviewConfig
from agreid_cli.metrics.clustering.asking import Asking
from agreid_cli.metrics.clustering.likeness import Likeness
from agreid_cli.metrics.clustering.units import Units
from agreid_cli.records.crops import CROPS
from agreid_cli.records.proposals import PROPOSALS, VECTORS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.review import review
from agreid_cli.stages.identify.propose import propose_identities
from tests.support.browser import NEEDS_BROWSER, Seen, opened
from tests.support.faces import write_pictured
from tests.support.proposed import CURVES, write_proposed

pytestmark = NEEDS_BROWSER

FILES = ("identities", "attributes", "judgements")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = write_proposed(tmp_path / "campus", 8, near=3)
    review(made, ReviewConfig())
    return made


def press(seen: Seen, *keys: str) -> None:
    for key in keys:
        seen.page.keyboard.press(key)


def save(seen: Seen, workspace: Workspace) -> None:
    for name in FILES:
        seen.download(f"#save-{name}", getattr(workspace, name))


def shown(seen: Seen) -> tuple[str, str]:
    """The names of the two tracks that are compared."""
    names = seen.page.locator(".big .meta").all_inner_texts()
    left, right = (text.split(" · ") for text in names if not text.startswith("with "))
    return " · ".join(left[:2]), " · ".join(right[:2])


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def pids_of(workspace: Workspace) -> dict[tuple[str, str], str]:
    return {(row["video_id"], row["track_id"]): row["pid"] for row in rows_of(workspace.identities)}


def done(seen: Seen) -> int:
    return int(seen.page.inner_text("#pace").split(" of ")[0].replace(",", ""))


def test_accept_reject_skip_and_undo_by_one_key_each(workspace: Workspace) -> None:
    with opened(workspace.root / "review.html") as seen:
        press(seen, "q")
        first = shown(seen)
        assert first[0].startswith("campus-uav · ")
        assert first[0].replace("uav", "cctv") == first[1]
        assert seen.page.locator(".reason").last.inner_text().startswith(("9", "over 99"))
        press(seen, "a")
        second = shown(seen)
        assert second != first
        press(seen, "r")
        rejected = shown(seen)
        press(seen, "s")
        assert shown(seen) not in (first, second, rejected)
        press(seen, "z")  # the skip
        assert shown(seen) == rejected
        press(seen, "z", "z")
        assert shown(seen) == first
        press(seen, "a", "r", "s")
        before = shown(seen)
        seen.page.reload()
        press(seen, "q")
        assert shown(seen) == before
        save(seen, workspace)
    assert seen.faults() == []
    track = first[0].split(" · ")[1]
    pids = pids_of(workspace)
    assert {key for key, pid in pids.items() if pid} == {("campus-uav", track), ("campus-cctv", track)}
    said = [
        (row["video_a"], row["track_a"], row["track_b"], row["same"]) for row in rows_of(workspace.judgements)
    ]
    other = second[0].split(" · ")[1]
    assert said == [("campus-cctv", track, track, "1"), ("campus-cctv", other, other, "0")]


def test_what_earlier_answers_decide_is_not_asked(workspace: Workspace) -> None:
    """All are answered by the truth; none compares two groups that an answer has already decided."""
    people: dict[str, int] = {}
    different: set[frozenset[int]] = set()
    n_asked = 0
    with opened(workspace.root / "review.html") as seen:
        press(seen, "q")
        seen.page.select_option("#least", "0")
        while seen.page.locator(".big .reason").count() == 2:
            one, other = shown(seen)
            here, there = people.setdefault(one, len(people)), people.setdefault(other, len(people))
            assert here != there
            assert frozenset((here, there)) not in different
            n_asked += 1
            same = one.split(" · ")[1] == other.split(" · ")[1]
            press(seen, "a" if same else "r")
            if same:
                people = {name: here if group == there else group for name, group in people.items()}
                different = {frozenset(here if g == there else g for g in pair) for pair in different}
            else:
                different.add(frozenset((here, there)))
        assert "All proposals are answered" in seen.page.inner_text("#asking")
        assert done(seen) == 16
        assert "8 persons (8 on both sides)" in seen.page.text_content("#count-tracks")
    assert n_asked < len(PROPOSALS.read(workspace.proposals / "pairs.parquet"))


def test_the_queue_is_the_one_that_decisions_are_counted_with(tmp_path: Path) -> None:
    """Answered by the truth, the page asks the same pairs in the same order as `Asking`, which re-ranks them
    after every answer; and the list of a track has the order of `Asking.likely`.
    """
    workspace = write_proposed(tmp_path / "campus", 14, near=5, noise=0.8)
    page = review(workspace, ReviewConfig()).path
    asking, names = asking_of(workspace)
    with opened(page) as seen:
        press(seen, "q")
        n_wrong = n_right = 0
        while (pair := asking.next()) is not None:
            members = [{names[at] for at in asking.members[one]} for one in pair]
            left, right = shown(seen)
            assert (left in members[0] and right in members[1]) or (
                left in members[1] and right in members[0]
            )
            same = left.split(" · ")[1] == right.split(" · ")[1]
            (asking.accept if same else asking.reject)(*pair)
            n_right, n_wrong = n_right + same, n_wrong + (not same)
            press(seen, "a" if same else "r")
        assert min(n_right, n_wrong) > 5
        assert "proposals of at least 5 % are answered" in seen.page.inner_text("#asking")
        focus = next(iter(asking.members))
        place = [f"{t}:{a}" for t, a in seen.page.evaluate("model.state.pieces.map(p => [p.t, p.a])")]
        seen.page.evaluate("key => showAsking(key)", place[focus])
        others = seen.page.evaluate("asked.now.shown.map(found => nameOf(model.state.pieces[found.other]))")
        for name, other in zip(others, asking.likely(focus), strict=False):
            assert name in {names[at] for at in asking.members[other]}
        assert len(others) == min(20, len(asking.likely(focus)))
        press(seen, "p")
        named = {group for group, members in asking.members.items() if len(members) > 1}
        others = seen.page.evaluate("asked.now.shown.map(found => nameOf(model.state.pieces[found.other]))")
        assert len(others) == min(20, len(asking.likely(focus, named))) > 0
        for name, other in zip(others, asking.likely(focus, named), strict=False):
            assert name in {names[at] for at in asking.members[other]}
        press(seen, "p")
        seen.page.locator(".ruled .why").first.wait_for()
        assert re.match("(seen at the same time|rejected: )", seen.page.inner_text(".ruled .why >> nth=0"))
    assert seen.faults() == []


def asking_of(workspace: Workspace) -> tuple[Asking, list[str]]:
    """The state of a page with these proposals, and the names of the tracks."""
    table = VECTORS.read(workspace.proposals / "vectors.parquet").to_pylist()
    place = {(row["video"], row["track"]): at for at, row in enumerate(table)}
    spans: dict[tuple[str, int], list[int]] = {}
    for row in CROPS.read(workspace.crops).to_pylist():
        spans.setdefault((row["video_id"], row["track_id"]), []).append(row["frame"])
    first, last = (np.array([end(spans[track]) for track in place], float) for end in (min, max))
    vectors = np.stack([np.frombuffer(row["vector"], np.int8) for row in table])
    camera = np.array([row["camera"] for row in table])
    like = Likeness(vectors, camera, np.zeros((len(table), 2), np.int64), CURVES["within"], CURVES["across"])
    pairs = [
        [place[row[f"video_{s}"], row[f"track_{s}"]] for s in "ab"]
        for row in PROPOSALS.read(workspace.proposals / "pairs.parquet").to_pylist()
    ]
    units = Units(vectors.astype(np.float32), camera, camera, first, last)
    return Asking(units, like, np.array(pairs)), [f"{video} · {track}" for video, track in place]


def test_likely_tracks_of_a_chosen_track(workspace: Workspace) -> None:
    with opened(workspace.root / "review.html") as seen:
        seen.page.locator('.card[aria-label^="campus-uav · 3,"]').focus()
        press(seen, "q")
        assert shown(seen) == ("campus-uav · 3", "campus-cctv · 3")
        tiles = seen.page.locator(".tile")
        tiles.first.wait_for()
        n = tiles.count()
        assert n > 2
        press(seen, "ArrowRight")
        assert shown(seen)[1] != "campus-cctv · 3"
        tiles.first.click()
        assert shown(seen)[1] == "campus-cctv · 3"
        assert seen.page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
        press(seen, "n")
        assert "No likely track is left" in seen.page.inner_text("#asking")
        save(seen, workspace)
        press(seen, "t")
        assert seen.page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
            "campus-uav · 3,"
        )
    assert [row["same"] for row in rows_of(workspace.judgements)] == ["0"] * n
    assert [key for key, pid in pids_of(workspace).items() if pid] == [("campus-uav", "3")]


def test_non_persons_leave_the_queue_and_the_rest_become_people_at_once(workspace: Workspace) -> None:
    with opened(workspace.root / "review.html") as seen:
        press(seen, "q")
        left, _ = shown(seen)
        press(seen, "x")
        assert left not in shown(seen)
        press(seen, "t")
        seen.page.locator(f'.card[aria-label^="{left},"]').focus()
        press(seen, "q")
        assert "No likely track is left" in seen.page.inner_text("#asking")
        press(seen, "Escape")
        while seen.page.locator("#make-new").count() == 0:
            press(seen, "r")
        seen.page.click("#make-new")
        save(seen, workspace)
    pids = pids_of(workspace)
    assert pids.pop(("campus-uav", left.split(" · ")[1])) == "-1"
    assert len(set(pids.values())) == 15
    assert "" not in pids.values()


def test_time_left_is_told_at_the_pace_of_the_answers_without_breaks(workspace: Workspace) -> None:
    with opened(workspace.root / "review.html") as seen:
        pace = [[at * 6000 + (3600_000 if at > 5 else 0), 2] for at in range(11)]  # an hour's break in it
        assert seen.page.evaluate("pace => minutesLeft(pace, 400)", pace) == pytest.approx(400 / 2 * 6 / 60)
        assert seen.page.evaluate("pace => minutesLeft(pace, 400)", pace[:4]) is None
        press(seen, "q", *"rrrrrr")
        assert "left at your pace" in seen.page.inner_text("#pace")


def test_clean_up_shows_the_worst_first_and_goes_on_by_itself(workspace: Workspace) -> None:
    with opened(workspace.root / "review.html") as seen:
        press(seen, "c")
        names = seen.page.locator('.side[data-view="aerial"] .card label').all_inner_texts()
        assert [name.split(" · ")[1] for name in names[:5]] == ["8", "7", "6", "5", "4"]
        assert "doubt 100 %: it is blurred" in seen.page.locator(".card").first.inner_text()
        assert seen.page.get_attribute("#clean-up", "aria-pressed") == "true"
        press(seen, "x", "ArrowDown", "x")
        save(seen, workspace)
    junk = sorted(key for key, pid in pids_of(workspace).items() if pid == "-1")
    assert junk == [("campus-uav", "6"), ("campus-uav", "8")]


def test_answers_flow_back_into_the_next_proposals(tmp_path: Path) -> None:
    """Propose, answer on the page, export, propose again, and open the page again."""
    workspace = write_pictured(tmp_path / "campus", 3, n_pids=6, crops_per_pid=4)

    def propose() -> dict[frozenset[tuple[str, int]], bool]:
        config = ProposeConfig(cut=0.01)
        propose_identities(workspace, config, embedder="colour", device="cpu")
        rows = PROPOSALS.read(workspace.proposals / "pairs.parquet").to_pylist()
        return {frozenset((r[f"video_{s}"], r[f"track_{s}"]) for s in "ab"): r["grouped"] for r in rows}

    before = propose()
    assert review(workspace, ReviewConfig()).n_proposals == len(before)
    page = workspace.root / "review.html"
    with opened(page) as seen:
        press(seen, "q")
        accepted = shown(seen)
        press(seen, "a")
        rejected = shown(seen)
        press(seen, "r")
        save(seen, workspace)
        after = propose()
        # The page of the same files does not ask whose work is right, and does not ask again.
        result = review(workspace, ReviewConfig())
        assert (result.n_answers, result.n_identities) == (2, 1)
        seen.page.reload()
        assert not seen.page.is_visible("#other")
        press(seen, "q")
        assert shown(seen) not in (accepted, rejected)
    as_pair = [
        frozenset((name.split(" · ")[0], int(name.split(" · ")[1])) for name in p)
        for p in (accepted, rejected)
    ]
    assert all(pair in before for pair in as_pair)
    assert not any(pair in after for pair in as_pair)
    proposed = {
        (row["video_id"], int(row["track_id"])): row["pid"]
        for row in rows_of(workspace.proposals / "identities.csv")
    }
    assert len({proposed[track] for track in as_pair[0]}) == 1
    assert len({proposed[track] for track in as_pair[1]}) == 2
    # In another browser, the page starts from the files.
    with opened(page) as seen:
        save(seen, Workspace(tmp_path))
    for name in FILES:
        assert getattr(Workspace(tmp_path), name).read_text() == getattr(workspace, name).read_text()
    assert seen.faults() == []


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_and_every_button_is_in_reach(workspace: Workspace, dark: bool) -> None:
    with opened(workspace.root / "review.html", width=390, height=844, dark=dark) as seen:
        seen.page.click("#to-asking")
        assert seen.overflow() == 0
        for button in seen.page.locator(".answers button").all():
            box = button.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            assert box["y"] + box["height"] <= 844  # without scrolling
            assert box["height"] >= 32
        first = shown(seen)
        seen.page.click(".answers button:has-text('Same person')")
        assert shown(seen) != first
        seen.page.click(".answers button:has-text('Undo')")
        assert shown(seen) == first
        seen.page.locator(".tile").last.click()
        box = seen.page.locator(".big").first.bounding_box()
        assert box
        assert box["y"] >= 0  # the two tracks are in view again
    assert seen.faults() == []


def test_without_proposals_the_page_says_how_to_get_them(tmp_path: Path) -> None:
    workspace = write_pictured(tmp_path, 1, n_pids=2)
    review(workspace, ReviewConfig())
    with opened(workspace.root / "review.html") as seen:
        press(seen, "q")
        assert "run agreid propose-identities" in seen.page.inner_text("#asking")
        press(seen, "a", "t", "c")
        assert "needs proposals" in seen.page.inner_text("#said")
    assert seen.faults() == []


LISTEN = """() => {
  window.took = { handled: [], painted: [] };
  const start = new WeakMap();
  addEventListener("keydown", (event) => took.handled.push(performance.now() - event.timeStamp));
  addEventListener("keydown", (event) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => took.painted.push(performance.now() - event.timeStamp);
    port2.postMessage(0);
  }), true);
}"""
PAINTED = """n => new Promise((done) => {
  const look = () => (took.painted.length >= n ? done() : setTimeout(look, 2));
  look();
})"""
OPENED = """() => {
  const { domContentLoadedEventEnd } = performance.getEntriesByType("navigation")[0];
  return [domContentLoadedEventEnd, performance.getEntriesByName("first-contentful-paint")[0].startTime];
}"""


def test_five_thousand_tracks(tmp_path: Path) -> None:
    """Opening and keys are timed in the page and printed; nothing is asserted about them."""
    workspace = write_proposed(tmp_path / "big", 2500, crops=10, near=10)
    result = review(workspace, ReviewConfig())
    assert (result.n_tracks, result.n_crops) == (5000, 50_000)
    print(f"\n{result.n_proposals:,} proposals, page of {result.path.stat().st_size / 1e6:.1f} MB")
    with opened(result.path) as seen:
        ready, painted = seen.page.evaluate(OPENED)
        print(f"open: page ready after {ready:.0f} ms, first contents painted after {painted:.0f} ms")
        seen.page.evaluate(LISTEN)
        cdp = seen.page.context.new_cdp_session(seen.page)
        cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

        def script_ms() -> float:
            """CPU time of scripts on the main thread, which other programs on the machine do not change."""
            found = cdp.send("Performance.getMetrics")["metrics"]
            return float(1000 * next(row["value"] for row in found if row["name"] == "ScriptDuration"))

        every: list[float] = []

        def timed(name: str, *keys: str) -> None:
            seen.page.evaluate("() => { took.handled = []; took.painted = []; }")
            before = script_ms()
            for n, key in enumerate(keys, 1):
                press(seen, key)
                seen.page.evaluate(PAINTED, n)
            used = (script_ms() - before) / len(keys)
            handled, drawn = seen.page.evaluate("() => [took.handled, took.painted]")
            every.extend(handled)
            print(
                f"{name}, median (worst) of {len(keys)}: handled in {statistics.median(handled):.0f} "
                f"({max(handled):.0f}) ms, painted after {statistics.median(drawn):.0f} "
                f"({max(drawn):.0f}) ms; scripts took {used:.0f} ms of CPU time each"
            )

        timed("tracks, next and not a person", *["ArrowDown", "x"] * 20)
        assert seen.page.locator(".card").count() < 60
        press(seen, "q", "Escape")
        seen.page.locator(".tile").nth(9).wait_for()
        timed("accept", *"a" * 40)
        timed("reject", *"r" * 40)
        timed("another likely track", *["ArrowRight"] * 20)
        timed("undo", *"z" * 20)
        print(f"all {len(every)} keys: handled in {statistics.median(every):.0f} ms (median)")
        assert "left at your pace" in seen.page.inner_text("#pace")
        print(seen.page.inner_text("#pace"))
        before = shown(seen), done(seen)
        seen.page.reload()
        press(seen, "q")
        assert (shown(seen), done(seen)) == before
        press(seen, "c")
        assert seen.page.locator("img").count() < 1500
        save(seen, workspace)
        assert seen.broken_images() == []
    assert seen.faults() == []
    same = [row["same"] for row in rows_of(workspace.judgements)]
    assert (same.count("1"), same.count("0")) == (40, 20)
    assert review(workspace, ReviewConfig()).n_answers == 60
