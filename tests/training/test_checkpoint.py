"""Weight and state files: exact, atomic, and refused if they do not fit."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from agreid_cli.errors import AgreidError, InputError, MissingError
from agreid_cli.training.checkpoint import (
    load_state,
    load_weights,
    random_state,
    restore_weights,
    save_state,
    save_weights,
    set_random_state,
)

CPU = torch.device("cpu")


def test_state_comes_back_to_the_bit_with_its_types(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1 + 0.2)
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    shared = torch.arange(4.0)
    state: dict[str, Any] = {
        "optimiser": optimiser.state_dict(), "a": (1, None, True, 1e-300, "ü"), "b": [shared, shared[:2]],
        7: {"half": torch.ones(2, dtype=torch.bfloat16)},
    }  # fmt: skip
    save_state(tmp_path / "s.safetensors", state)
    back = load_state(tmp_path / "s.safetensors")
    assert back["a"] == state["a"]
    assert back[7]["half"].dtype == torch.bfloat16
    assert [t.tolist() for t in back["b"]] == [[0, 1, 2, 3], [0, 1]]
    assert back["optimiser"]["param_groups"] == state["optimiser"]["param_groups"]
    for key, moments in state["optimiser"]["state"].items():
        for name, value in moments.items():
            assert torch.equal(back["optimiser"]["state"][key][name], value)
    with pytest.raises(TypeError, match="set cannot be saved"):
        save_state(tmp_path / "s.safetensors", {"a": {1, 2}})


def test_all_generators_go_on_where_they_stood() -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), torch.rand(()).item()

    draw()
    before = random_state(CPU)
    first = draw()
    draw()
    set_random_state(before, CPU)
    assert draw() == first


def test_weights_are_plain_safetensors_with_the_words_inside(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    model = nn.Linear(3, 2)
    save_weights(path, model.state_dict(), {"config": "seed = 1\n", "n_ids": "4"})
    assert torch.equal(load_file(path)["weight"], model.weight)
    stored = load_weights(path)
    assert stored.metadata == {"config": "seed = 1\n", "n_ids": "4"}
    first = path.read_bytes()
    save_weights(path, model.state_dict(), {"n_ids": "4", "config": "seed = 1\n"})
    assert path.read_bytes() == first
    other = nn.Linear(3, 2)
    restore_weights(other, stored.tensors, "w")
    assert torch.equal(other.weight, model.weight)


def test_weights_of_another_network_are_refused_with_what_does_not_fit(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    tensors = {"0.weight": torch.zeros(5, 3), "0.bias": torch.zeros(2), "head.tail": torch.zeros(1)}
    with pytest.raises(InputError, match="belongs to another network: 4 weights do not fit") as caught:
        restore_weights(model, tensors, "w")
    said = str(caught.value)
    assert "1.weight: is not in the file" in said
    assert "0.weight: (5, 3) in the file, (2, 3) in the network" in said
    assert "head.tail: is in the file, but not in the network" in said


def test_what_is_no_file_of_ours_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(MissingError, match="does not exist"):
        load_weights(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot be read as safetensors"):
        load_weights(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="is not a weights file of agreid"):
        load_weights(path)
    save_weights(path, {"a": torch.zeros(1)}, {})
    with pytest.raises(InputError, match="is not a state file"):
        load_state(path)
    save_file({"a": torch.zeros(1)}, path, {"agreid": '{"schema": "weights/9"}'})
    with pytest.raises(InputError, match="reads up to weights/1"):
        load_weights(path)


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.safetensors"
    save_state(path, {"step": 1, "w": torch.zeros(8)})

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AgreidError, match="the disk is full"):
        save_state(path, {"step": 2, "w": torch.ones(8)})
    monkeypatch.undo()
    assert load_state(path)["step"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["s.safetensors"]
