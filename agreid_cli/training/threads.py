"""Threads that prepare crops concurrently with the network, each using one core."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import torch


def one_core_each(threads: int, name: str) -> ThreadPoolExecutor:
    """A pool of `threads` threads in which torch uses a single thread each.

    By default every thread that calls torch gets an OpenMP team as large as the machine. These teams take
    cores from the network's team and from each other, and spin while they wait. The caller's thread, and
    threads that start later, keep the caller's thread count.
    """
    before = torch.get_num_threads()
    started = threading.Barrier(threads + 1)

    def alone() -> None:
        # A thread uses the process's number at its first call, whatever was set in it before.
        torch.get_num_threads()
        torch.set_num_threads(
            1
        )  # for this thread, and for those that call torch for the first time from now on
        started.wait()

    pool = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=alone)
    for _ in range(threads):
        pool.submit(int)
    started.wait()
    torch.set_num_threads(before)
    return pool
