from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from agreid_cli.training.threads import one_core_each


@pytest.fixture
def three() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_every_thread_of_the_pool_has_one_and_all_others_keep_theirs(three: None) -> None:
    meet = threading.Barrier(4)

    def count() -> tuple[str, int]:
        meet.wait()  # so that each of the four answers once
        return threading.current_thread().name, torch.get_num_threads()

    with one_core_each(4, "crops") as pool:
        list(pool.map(torch.tanh, [torch.zeros(100_000)] * 8))  # work that a team would share
        said = [future.result() for future in [pool.submit(count) for _ in range(4)]]
        assert len({name for name, _ in said}) == 4
        assert {n for _, n in said} == {1}
        assert torch.get_num_threads() == 3, "the caller's thread"
        with ThreadPoolExecutor(1) as later:
            assert later.submit(torch.get_num_threads).result() == 3, "a thread that starts later"
