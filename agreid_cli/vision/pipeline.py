"""Steps that run concurrently, each in its own thread, with bounded queues between them.

The heavy parts (decoding, networks, JPEG encoding) release the GIL, so threads suffice. Order is
preserved: the output equals that of a plain loop over the steps.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any

_END = object()


def staged(source: Iterable[Any], *steps: Callable[[Any], Any], depth: int = 4) -> Generator[Any, None, None]:
    """Yield `steps[-1](… steps[0](item))` for each item of `source`, in order.

    At most `depth` items wait before each step, which limits memory. An error in the source or in a
    step is raised here; leaving the loop early stops all threads.

    >>> list(staged(range(4), lambda x: x + 1, str))
    ['1', '2', '3', '4']
    """
    stop = threading.Event()
    pipes: list[queue.Queue[Any]] = [queue.Queue(depth) for _ in range(len(steps) + 1)]
    threads = [threading.Thread(target=_feed, args=(source, pipes[0], stop), daemon=True)]
    for step, inlet, outlet in zip(steps, pipes, pipes[1:], strict=False):
        threads.append(threading.Thread(target=_work, args=(step, inlet, outlet, stop), daemon=True))
    for thread in threads:
        thread.start()
    try:
        while (item := _get(pipes[-1], stop)) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        stop.set()
        for thread in threads:
            thread.join()


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _feed(source: Iterable[Any], outlet: queue.Queue[Any], stop: threading.Event) -> None:
    try:
        for item in source:
            if not _put(outlet, item, stop):
                return
        _put(outlet, _END, stop)
    except BaseException as error:
        _put(outlet, _Failure(error), stop)


def _work(
    step: Callable[[Any], Any], inlet: queue.Queue[Any], outlet: queue.Queue[Any], stop: threading.Event
) -> None:
    while (item := _get(inlet, stop)) is not _END:
        if not isinstance(item, _Failure):
            try:
                item = step(item)
            except BaseException as error:
                item = _Failure(error)
        if not _put(outlet, item, stop):
            return
    _put(outlet, _END, stop)


def _put(pipe: queue.Queue[Any], item: Any, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            pipe.put(item, timeout=0.1)
            return True
        except queue.Full:
            continue
    return False


def _get(pipe: queue.Queue[Any], stop: threading.Event) -> Any:
    while not stop.is_set():
        try:
            return pipe.get(timeout=0.1)
        except queue.Empty:
            continue
    return _END
