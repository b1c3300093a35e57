"""Concurrent steps give the result of a plain loop, including errors and early ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.vision.pipeline import staged


class BoomError(Exception):
    pass


def plain(source: Any, steps: list[Any]) -> Iterator[Any]:
    for item in source:
        for step in steps:
            item = step(item)
        yield item


def result(items: Iterator[Any]) -> tuple[list[Any], str]:
    """What came out before the end, and the error that ended it."""
    seen: list[Any] = []
    try:
        for item in items:
            seen.append(item)
    except BoomError as error:
        return seen, str(error)
    return seen, ""


def source(length: int, breaks_at: int) -> Iterator[int]:
    for i in range(length):
        if i == breaks_at:
            raise BoomError(f"source at {i}")
        yield i


def step(number: int, breaks_at: int) -> Any:
    def work(item: list[int] | int) -> Any:
        value = item if isinstance(item, int) else item[0]
        if value == breaks_at:
            raise BoomError(f"step {number} at {value}")
        time.sleep(0.0005 * ((value * 7 + number) % 3))
        return [value, number, item]

    return work


def workers() -> int:
    return threading.active_count()


@given(
    st.integers(0, 12),
    st.integers(0, 14),
    st.lists(st.integers(0, 14), max_size=3),
    st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_the_same_items_in_order_and_the_same_error(
    length: int, source_breaks: int, step_breaks: list[int], depth: int
) -> None:
    before = workers()
    steps = [step(n, at) for n, at in enumerate(step_breaks)]
    truth = result(plain(source(length, source_breaks), steps))
    assert result(staged(source(length, source_breaks), *steps, depth=depth)) == truth
    assert workers() == before, "no thread is left"


def test_leaving_early_ends_every_thread_and_reads_no_further() -> None:
    before, read = workers(), []

    def endless() -> Iterator[int]:
        for i in range(10**9):
            read.append(i)
            yield i

    for item in (items := staged(endless(), lambda x: x, lambda x: x, depth=2)):
        if item == 3:
            break
    items.close()
    assert workers() == before
    assert len(read) < 30
    count = len(read)
    time.sleep(0.05)
    assert len(read) == count


def test_an_interrupt_in_a_step_reaches_the_caller() -> None:
    def stop(item: int) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(staged(range(5), stop))


def test_nothing_runs_ahead_of_a_slow_consumer_further_than_the_queues_hold() -> None:
    steps, depth, live, most = 3, 2, 0, 0
    lock = threading.Lock()

    def items() -> Iterator[int]:
        nonlocal live, most
        for i in range(60):
            with lock:
                live += 1
                most = max(most, live)
            yield i

    for _ in staged(items(), *[lambda x: x] * steps, depth=depth):
        time.sleep(0.003)
        with lock:
            live -= 1
    # Each queue is full, each step holds one, the source holds one, the consumer holds one.
    assert most <= (steps + 1) * depth + steps + 2
    assert most > depth, "something did run ahead"


def test_the_steps_work_at_the_same_time() -> None:
    """Two steps that each wait for the other: only side by side do they get on."""
    meet = threading.Barrier(2, timeout=10)
    first = [0]

    def early(item: int) -> int:
        if item == 1:
            meet.wait()
        first[0] = item
        return item

    def late(item: int) -> int:
        if item == 0:
            meet.wait()
        return item

    assert list(staged(range(3), early, late)) == [0, 1, 2]
