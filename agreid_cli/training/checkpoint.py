"""Weight files and complete state for `--resume`, both as safetensors, which contain no code.

Files are written atomically, so a full disk or a kill leaves the previous ones.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from agreid_cli.errors import InputError, MissingError, Problem
from agreid_cli.records.files import write_bytes
from agreid_cli.training.tree import flatten, unflatten

WEIGHTS, STATE = "weights/1", "state/1"
#: The only entry of the file's metadata; safetensors writes several entries in varying order.
MARK = "agreid"
SHOWN = 6


@dataclass(frozen=True)
class Weights:
    """The content of a weight file: tensors by name, and metadata such as the configuration."""

    tensors: dict[str, Tensor]
    metadata: dict[str, str]


def save_weights(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write atomically; equal weights and metadata give equal bytes."""
    own = {name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()}
    write_bytes(path, save(own, _mark(WEIGHTS, metadata)))


def load_weights(path: Path) -> Weights:
    """Read a weight file of agreid; raise `MissingError` or `InputError`."""
    return Weights(*_read(path, WEIGHTS))


def restore_weights(model: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Copy the weights into the model; `InputError` lists missing, unexpected and misshapen tensors."""
    own = model.state_dict()
    faults = [Problem(name, "is not in the file") for name in own if name not in tensors]
    faults += [Problem(name, "is in the file, but not in the network") for name in tensors if name not in own]
    for name in own.keys() & tensors.keys():
        if own[name].shape != tensors[name].shape:
            said = f"{tuple(tensors[name].shape)} in the file, {tuple(own[name].shape)} in the network"
            faults.append(Problem(name, said))
    if faults:
        more = [Problem("", f"and {len(faults) - SHOWN} more")] if len(faults) > SHOWN else []
        raise InputError(
            f"{source} belongs to another network: {len(faults)} weights do not fit",
            problems=[*faults[:SHOWN], *more],
            hint="Use the recipe, the head and the training identities that the file was made with.",
        )
    model.load_state_dict(dict(tensors))


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write everything that a resumed run needs, atomically."""
    tensors, text = flatten(dict(state))
    write_bytes(path, save(tensors, _mark(STATE, {"tree": text})))


def load_state(path: Path) -> dict[str, Any]:
    """What `save_state` wrote."""
    tensors, metadata = _read(path, STATE)
    state: dict[str, Any] = unflatten(tensors, metadata["tree"])
    return state


def seed_all(seed: int) -> None:
    """Seed every global generator, those that only libraries use too: their state is part of a checkpoint."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state(device: torch.device) -> dict[str, Any]:
    """The state of every global random generator: Python, NumPy, torch, and the GPU's."""
    kind, keys, *rest = np.random.get_state()
    state = {
        "python": random.getstate(),
        "numpy": (kind, [int(key) for key in keys], *rest),
        "torch": torch.get_rng_state(),
    }
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: Mapping[str, Any], device: torch.device) -> None:
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


def _mark(schema: str, metadata: Mapping[str, str]) -> dict[str, str]:
    return {MARK: json.dumps({"schema": schema, **metadata}, sort_keys=True, ensure_ascii=False)}


def _read(path: Path, schema: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not path.is_file():
        raise MissingError(f"{path} does not exist", hint="It is written by: agreid train")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = json.loads((file.metadata() or {}).get(MARK, "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} cannot be read as safetensors: {error}") from error
    mark = metadata.pop("schema", "")
    name, _, version = mark.partition("/")
    want, _, known = schema.partition("/")
    if name != want:
        raise InputError(f"{path} is not a {want} file of agreid")
    if not version.isdecimal() or int(version) > int(known):
        raise InputError(
            f"{path} has schema {mark}; this agreid reads up to {schema}",
            hint="Upgrade agreid: pip install --upgrade agreid",
        )
    return tensors, metadata
