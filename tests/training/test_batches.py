from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from agreid_cli.config.load import build
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError
from agreid_cli.training.batch import Batch
from agreid_cli.training.batches import Batches
from agreid_cli.training.intake import load_crops, load_training
from agreid_cli.training.samples import Samples
from tests.support.heard import Heard
from tests.training.drawn import colour, write_drawn

TREE: dict[str, Any] = {
    "model": {"size": [32, 32], "backbone": "resnet50"},
    "data": {"p": 2, "k": 2, "workers": 1},
    "augment": {"pad": 4, "autoaugment": 0.3},
}
PLAIN = {"flip": 0.0, "pad": 0, "erase": 0.0, "autoaugment": 0.0}
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Samples, np.ndarray]:
    sightings = [(pid, camera, 4) for pid in (3, 7, 9, 12) for camera in ("uav0", "cctv3")]
    workspace = write_drawn(
        tmp_path_factory.mktemp("w"), *sightings, (20, "uav0", 2), (20, "cctv3", 2), test=[20]
    )
    return load_training(workspace, build(TrainConfig, TREE, "test"))[:2]


def batches(made: tuple[Samples, np.ndarray], *, tree: dict[str, Any] = TREE, **how: Any) -> Batches:
    config = build(TrainConfig, tree, "test")
    mean, std = HALF
    return Batches(*made, data=config.data, augment=config.augment, mean=mean, std=std, **how)


def same(one: Batch, other: Batch) -> bool:
    return torch.equal(one.images, other.images) and torch.equal(one.index, other.index)


def test_a_batch_has_names_that_agree_with_each_other(made: tuple[Samples, np.ndarray]) -> None:
    samples, _ = made
    tree = TREE | {"augment": PLAIN}
    cameras = np.unique(samples.camid).tolist()
    for batch in batches(made, tree=tree, cameras=cameras).epoch(1):
        assert batch.images.shape == (4, 3, 32, 32)
        assert batch.images.is_contiguous(memory_format=torch.channels_last)
        index = batch.index.numpy()
        for name in ("label", "pid"):
            assert getattr(batch, name).tolist() == getattr(samples, name)[index].tolist(), name
        assert batch.side.view.tolist() == samples.view[index].tolist()
        assert [cameras[row] for row in batch.side.camera.tolist()] == samples.camid[index].tolist()
        first = batch.first(3)
        assert torch.equal(first.side.camera, batch.side.camera[:3])
        assert torch.equal(first.side.box, torch.from_numpy(samples.box)[first.index])
        assert [len(tensor) for tensor in first.tensors()] == [3] * 7
        assert batch.attrs is None
        shown = ((batch.images * 0.5 + 0.5) * 255).mean((2, 3))  # each person has one colour
        for pixel, pid in zip(shown, batch.pid.tolist(), strict=True):
            assert np.abs(pixel.numpy() - np.array(colour(pid)) - 5).max() < 4


def test_the_epochs_are_the_same_whenever_they_are_asked_for(made: tuple[Samples, np.ndarray]) -> None:
    one, other = list(batches(made).epoch(3)), list(batches(made).epoch(3))
    assert len(one) == len(batches(made)) == 32 // 4
    assert all(map(same, one, other))
    assert not same(one[0], next(iter(batches(made).epoch(4))))
    assert not same(one[0], next(iter(batches(made, seed=1).epoch(3))))


@pytest.mark.parametrize("sampler", ["pk", "pk-views", "pk-images", "pk-images-views"])
def test_a_resumed_epoch_goes_on_with_the_same_batches(
    made: tuple[Samples, np.ndarray], sampler: str
) -> None:
    tree = TREE | {"data": TREE["data"] | {"sampler": sampler}}
    whole = list(batches(made, tree=tree).epoch(2))
    first = batches(made, tree=tree)
    stream = first.epoch(2)
    for _ in range(3):
        next(stream)
    state = first.state_dict()
    stream.close()  # type: ignore[attr-defined]
    assert state == {"seed": 0, "epoch": 2, "step": 3}
    rest = list(batches(made, tree=tree).epoch(state["epoch"], start=state["step"]))
    assert len(rest) == len(whole) - 3
    assert all(map(same, whole[3:], rest))


def test_two_processes_make_the_batch_of_one(made: tuple[Samples, np.ndarray]) -> None:
    joint = list(batches(made).epoch(1))
    parts = [list(batches(made, rank=rank, world=2).epoch(1)) for rank in (0, 1)]
    for whole, *shares in zip(joint, *parts, strict=True):
        assert torch.equal(whole.images, torch.cat([part.images for part in shares]))
        assert torch.equal(whole.label, torch.cat([part.label for part in shares]))
        assert all(len(part.label.unique()) == 1 for part in shares), "whole identities"


def test_a_batch_that_cannot_be_split_is_refused(made: tuple[Samples, np.ndarray]) -> None:
    with pytest.raises(InputError, match="multiple of 3") as caught:
        batches(made, world=3)
    assert "data.p=3" in caught.value.hint


def test_channels_last_is_left_out_on_request(made: tuple[Samples, np.ndarray]) -> None:
    last, first = next(batches(made).epoch(1)), next(batches(made, channels_last=False).epoch(1))
    assert first.images.is_contiguous()
    assert torch.equal(first.images, last.images)


def test_leaving_early_ends_the_thread(made: tuple[Samples, np.ndarray]) -> None:
    others = set(threading.enumerate())  # an error that another test keeps may hold threads of its own
    stream = batches(made).epoch(1)
    next(stream)
    begun = set(threading.enumerate()) - others
    assert any(thread.name.startswith("batches") for thread in begun)
    stream.close()  # type: ignore[attr-defined]
    assert not any(thread.is_alive() for thread in begun)


def test_an_error_in_the_thread_reaches_the_loop(made: tuple[Samples, np.ndarray]) -> None:
    samples, images = made
    broken = batches((samples, images[:3]))
    with pytest.raises(IndexError):
        list(broken.epoch(1))


def test_waiting_is_counted_when_batches_are_slow_and_only_then(made: tuple[Samples, np.ndarray]) -> None:
    slow = batches(made)
    make = slow.store.images
    slow.store.images = lambda rows, draws: (time.sleep(0.02), make(rows, draws))[1]  # type: ignore[method-assign]
    list(slow.epoch(1))
    assert slow.waited_s > 0.05
    slow.waited_s = 0.0
    stream = slow.epoch(1)
    next(stream)
    time.sleep(0.3)  # the network computes, meanwhile the queue fills
    before = slow.waited_s
    next(stream)
    assert slow.waited_s - before < 0.02


def test_the_test_part_comes_in_the_order_asked_for(tmp_path: Path) -> None:
    workspace = write_drawn(tmp_path, (1, "uav0", 2), (2, "cctv3", 2))
    config = build(TrainConfig, TREE, "test")
    samples, images = load_crops(workspace, ["p2-cctv3-1", "p1-uav0-0"], config)
    assert samples.pid.tolist() == [2, 1]
    assert samples.label.tolist() == [-1, -1]
    assert samples.view.tolist() == [1, 0]
    assert np.abs(images.mean((1, 2)) - np.array([colour(2), colour(1)]) - 5).max() < 4


def test_identities_with_one_crop_are_named_and_repeated(tmp_path: Path) -> None:
    workspace = write_drawn(tmp_path, (1, "uav0", 3), (2, "cctv3", 1), (3, "uav0", 2))
    heard = Heard()
    made = load_training(workspace, build(TrainConfig, TREE, "test"), progress=heard)[:2]
    assert [text for text in heard.warnings if "1 of 3 training identities have a single crop" in text]
    assert "pid 2" in heard.warnings[0]
    for batch in batches(made).epoch(1):
        assert all(n == 2 for n in batch.pid.bincount().tolist() if n)


def test_identities_that_a_sampler_by_view_leaves_out_are_named(tmp_path: Path) -> None:
    workspace = write_drawn(tmp_path, (1, "uav0", 3), (1, "cctv3", 2), (2, "cctv3", 3), (3, "uav0", 2))
    heard = Heard()
    tree = TREE | {"data": TREE["data"] | {"sampler": "pk-images-views"}}
    load_training(workspace, build(TrainConfig, tree, "test"), progress=heard)
    assert heard.warnings == [
        "2 of 3 training identities are seen in one view only, and "
        "data.sampler=pk-images-views uses none of them: pid 2, 3"
    ]


def test_a_crop_that_is_left_out_takes_its_identity_with_it(tmp_path: Path) -> None:
    workspace = write_drawn(tmp_path, (1, "uav0", 2), (2, "cctv3", 1), (3, "uav0", 2))
    (tmp_path / "images" / "p2-cctv3-0.png").write_bytes(b"no image")
    tree = TREE | {"data": TREE["data"] | {"on_bad_image": "skip"}}
    samples, images, _ = load_training(workspace, build(TrainConfig, tree, "test"))
    assert len(samples) == len(images) == 4
    assert samples.label.tolist() == [0, 0, 1, 1]
    with pytest.raises(InputError, match=r"p2-cctv3-0\.png"):
        load_training(workspace, build(TrainConfig, TREE, "test"))


def test_a_split_without_training_crops_is_refused(tmp_path: Path) -> None:
    workspace = write_drawn(tmp_path, (1, "uav0", 2), (1, "cctv3", 2), test=[1])
    with pytest.raises(InputError, match="no training crop"):
        load_training(workspace, build(TrainConfig, TREE, "test"))
