"""Judgements on the page's tracks: pids that follow from accepted pairs, and contradictions."""

from __future__ import annotations

import random

from agreid_cli.attributes.judgements_csv import Judgement, Judgements
from agreid_cli.errors import Problems
from agreid_cli.stages.annotate.judged import accepted_pids, judged_parts, page_answers


def told(*rows: tuple[int, int, bool], frames: tuple[int | None, int | None] = (None, None)) -> Judgements:
    return Judgements(
        [
            Judgement(at + 2, ("v", a), frames[0], ("v", b), frames[1], same)
            for at, (a, b, same) in enumerate(rows)
        ]
    )


def slow_pids(pids: list[int | None], same: list[tuple[int, int]]) -> list[int | None]:
    """Members of each component by repeated walks over the pairs."""
    found, seen = list(pids), set()
    fresh = max([0, *(pid for pid in pids if pid is not None)])
    for start in range(len(pids)):
        if start in seen or not any(start in pair for pair in same):
            continue
        members = {start}
        while more := {end for pair in same if members & set(pair) for end in pair} - members:
            members |= more
        seen |= members
        said = {pids[at] for at in members} - {None}
        if len(said) > 1 or -1 in said:
            continue
        if not said:
            fresh += 1
        pid = said.pop() if said else fresh
        for at in members:
            found[at] = pid
    return found


def test_pids_of_accepted_pairs_equal_those_of_a_slow_walk() -> None:
    rng = random.Random(4)
    for _ in range(200):
        n = rng.randint(2, 9)
        pids = [rng.choice([None, None, None, 1, 2, -1]) for _ in range(n)]
        same = [tuple(sorted(rng.sample(range(n), 2))) for _ in range(rng.randint(0, n))]
        assert accepted_pids(pids, same, ()) == slow_pids(pids, same)  # type: ignore[arg-type]


def test_a_part_is_found_by_a_frame_and_opposite_rows_are_problems() -> None:
    parts = [(("v", 1), 0), (("v", 1), 50), (("v", 2), 10)]
    problems = Problems()
    assert judged_parts(parts, told((1, 2, True)), "j.csv", problems) == ([(0, 2)], [], [])
    assert judged_parts(parts, told((1, 2, True), frames=(60, 10)), "j.csv", problems) == ([(1, 2)], [], [])
    assert judged_parts(parts, told((1, 1, False), frames=(0, 10)), "j.csv", problems) == (
        [],
        [],
        [(0, False)],
    )
    assert problems.n == 0
    judged_parts(parts, told((1, 2, True), (2, 1, False)), "j.csv", problems)
    assert problems.n == 1


def test_judgements_that_contradict_identities_are_named() -> None:
    rows = {("v", n): [{"frame": 0}] for n in range(1, 6)}
    spans = [[0, 0, 0, "7"], [1, 0, 0, None], [2, 0, 0, "8"], [3, 0, 0, "8"], [4, 0, 0, None]]
    found = page_answers(
        rows, spans, told((1, 2, True), (1, 3, False), (3, 4, False)), (), Problems(), "j.csv"
    )
    assert [span[3] for span in spans] == ["7", "7", "8", "8", None]
    assert found.rows == [[0, 0, 1, 0, 1], [0, 0, 2, 0, 0], [2, 0, 3, 0, 0]]
    assert "1 track without a pid" in found.notes[0]
    assert "1 judgement not used" in found.notes[1]
    assert "v:3 and v:4" in found.notes[1]
    clash = page_answers(rows, spans, told((2, 3, True)), (), Problems(), "j.csv")
    assert [span[3] for span in spans][:3] == ["7", "7", "8"]
    assert "v:2 and v:3" in clash.notes[0]
