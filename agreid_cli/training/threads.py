"""Threads that prepare crops beside the network, each computing on one core."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import torch


def one_core_each(threads: int, name: str) -> ThreadPoolExecutor:
    """A pool of `threads` threads in which torch starts no team of threads of its own.

    By default every thread that calls torch gets an OpenMP team as large as the machine. These teams take the
    cores from the team of the network and from each other, and spin while they wait. The caller's thread, and
    threads that start later, keep the number that the caller has.
    """
    before = torch.get_num_threads()
    started = threading.Barrier(threads + 1)

    def alone() -> None:
        # A thread takes the process's number when it first asks, whatever was set in it before.
        torch.get_num_threads()
        torch.set_num_threads(1)  # of this thread, and of those that first ask from now on
        started.wait()

    pool = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=alone)
    for _ in range(threads):
        pool.submit(int)
    started.wait()
    torch.set_num_threads(before)
    return pool
