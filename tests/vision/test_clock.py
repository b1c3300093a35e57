"""Numbers and times of frames of damaged streams, compared with the known damage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.vision.clock import STEADY, Clock


def run(clock: Clock, events: list[tuple[int, float]]) -> list[tuple[int, float | None]]:
    """The places of the frames that are kept; an event is (failed reads before it, its timestamp)."""
    return [place for event in events if (place := clock.tick(*event)) is not None]


@given(
    st.lists(st.sampled_from(["good", "good", "good", "silent", "failed"]), max_size=60),
    st.sampled_from([10, 29.97, 240]),
)
@settings(max_examples=60, deadline=None)
def test_a_constant_rate_gives_back_the_true_number_of_every_frame(fates: list[str], fps: float) -> None:
    fates = ["good"] * (STEADY + 1) + fates + ["good"]
    events, kept, failures = [], [], 0
    for index, fate in enumerate(fates):
        if fate == "good":
            events.append((failures, round(index * 1000 / fps)))  # containers keep milliseconds
            kept.append(index)
            failures = 0
        failures += fate == "failed"
    clock = Clock(fps)
    places = run(clock, events)
    assert [index for index, _ in places] == kept
    assert [time for _, time in places] == pytest.approx([index / fps for index in kept], abs=0.0011)
    assert clock.lost == len(fates) - len(kept)
    assert clock.frames == len(fates)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-500, 10**7)), max_size=60),
    st.sampled_from([None, 10.0]),
    st.sampled_from([None, 50]),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_whatever_a_stream_says_numbers_and_times_only_grow(
    events: list[tuple[int, float]], fps: float | None, promised: int | None, listed: bool
) -> None:
    clock = Clock(fps, promised, listed=listed)
    places = run(clock, events)
    numbers = [index for index, _ in places]
    assert numbers == sorted(set(numbers))
    times = [time for _, time in places if time is not None]
    assert times == sorted(times)
    if fps:
        assert len(times) == len(places)
    if places:
        assert clock.lost == numbers[-1] + 1 - len(places)


def test_frames_that_come_late_after_damage_are_left_out() -> None:
    steady = [(0, i * 100.0) for i in range(20)]
    late = [(5, 4000.0), (0, 2000.0), (0, 4100.0), (0, 2100.0), (0, 4200.0)]
    clock = Clock(10)
    assert run(clock, steady + late)[20:] == [(40, 4.0), (41, 4.1), (42, 4.2)]
    assert clock.lost == 20


def test_timestamps_that_begin_anew_cost_no_frame() -> None:
    clock = Clock(10)
    places = run(clock, [(0, i * 100.0) for i in range(30)] * 2)
    assert [index for index, _ in places] == list(range(60))
    assert [time for _, time in places] == pytest.approx([i / 10 for i in range(60)])
    assert clock.lost == 0


def test_a_stream_without_timestamps_is_timed_by_its_rate() -> None:
    assert run(Clock(25), [(0, 0.0), (0, 0.0), (2, 0.0)]) == [(0, 0.0), (1, 0.04), (4, 0.16)]
    assert run(Clock(None), [(0, 0.0), (0, 0.0)]) == [(0, 0.0), (1, None)]


def test_lost_first_frames_do_not_turn_time_back() -> None:
    assert run(Clock(10), [(2, 0.0), (0, 100.0)]) == [(2, 0.2), (3, 0.3)]


def test_a_variable_rate_loses_nothing_in_a_long_step() -> None:
    stamps = [0.0, 40, 80, 700, 740, 780, 820, 860, 900, 940, 980, 1020, 1060, 3000]
    clock = Clock(10)
    assert [index for index, _ in run(clock, [(0, s) for s in stamps])] == list(range(len(stamps)))
    assert clock.lost == 0


def test_a_container_that_lists_its_frames_loses_none_in_silence() -> None:
    stamps = [(0, i * 100.0) for i in range(20)] + [(0, 5000.0)]
    listed, stream = Clock(10, listed=True), Clock(10)
    assert run(listed, stamps)[-1] == (20, 5.0)
    assert run(stream, stamps)[-1] == (50, 5.0)
    assert (listed.lost, stream.lost) == (0, 30)


def test_a_timestamp_hours_beyond_the_end_is_not_believed() -> None:
    stamps = [(0, i * 100.0) for i in range(20)] + [(0, 9e9)] + [(0, 9e9 + i * 100) for i in range(1, 5)]
    for clock in (Clock(10, 40), Clock(10)):
        assert [index for index, _ in run(clock, stamps)] == list(range(25))
