from __future__ import annotations

import numpy as np
import torch

from agreid_cli.config.data import AugmentConfig
from agreid_cli.training.augment import Normalise, draw
from agreid_cli.training.store import Buffers, CopyingStore, HostStore, ResidentStore, make_store

NORMALISE = Normalise.of((0.5, 0.4, 0.3), (0.2, 0.2, 0.3))
PIXELS = np.random.default_rng(0).integers(0, 256, (9, 32, 16, 3), dtype=np.uint8)


def test_all_stores_make_the_same_images() -> None:
    draws = draw(4, AugmentConfig(pad=3), (32, 16), torch.Generator().manual_seed(1))
    rows = torch.tensor([8, 0, 8, 3])
    host = HostStore(PIXELS, NORMALISE).images(rows, draws)
    device = torch.device("cpu")
    for store in (CopyingStore(PIXELS, NORMALISE, device), ResidentStore(PIXELS, NORMALISE, device)):
        assert torch.allclose(store.images(rows, draws), host, atol=1e-6)
    assert isinstance(make_store(PIXELS, NORMALISE, device), HostStore)


def test_a_batch_that_is_held_is_not_written_over() -> None:
    store = HostStore(PIXELS, NORMALISE)
    draws = draw(2, AugmentConfig(), (32, 16), torch.Generator().manual_seed(1))
    held = store.images(torch.tensor([1, 2]), draws)
    row = held[1]  # any view keeps all of it
    before = held.clone()
    for n in range(Buffers.MOST + 3):
        store.images(torch.tensor([n % 9, 3]), draws)
    assert torch.equal(held, before)
    place = held.data_ptr()
    del held
    assert store.images(torch.tensor([5, 6]), draws).data_ptr() != place
    assert torch.equal(row, before[1])
    del row
    again = {store.images(torch.tensor([5, 6]), draws).data_ptr() for _ in range(3)}
    assert len(again) == 1, "what was let go is used again"


def test_more_batches_than_are_kept_can_be_held() -> None:
    buffers = Buffers()
    held = [torch.from_numpy(buffers.take((2, 3))).fill_(n) for n in range(Buffers.MOST + 5)]
    assert [tensor[0, 0].item() for tensor in held] == list(range(Buffers.MOST + 5))
    assert len(buffers) == Buffers.MOST
