"""Read weight files from many sources safely, and map their names to published weight names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from agreid_cli.errors import InputError, MissingError

#: Keys under which training programs store the weights in a checkpoint.
NESTED = ("state_dict", "model_state_dict", "model", "teacher", "net", "network", "weights", "params")
#: Prefixes of weight names, including those of our own runs (backbone.stem, head.tail, head.fc).
#: Of MGN's branches the first is used; the others are further copies of the same stages.
PREFIX = re.compile(
    r"^(?:module|_orig_mod|model|net|network|encoder|visual|student|teacher|stem|backbone|base"
    r"|first|late|head\.tail|head\.trunk|head\.tails\.0|head(?=\.fc\.[01]\.))\."
)


def read_weights(path: Path) -> dict[str, Tensor]:
    """All tensors of a .safetensors, .pth or .pt file by name; nothing in it is executed.

    Raises `MissingError` if it does not exist, `InputError` if it contains no plain tensors.
    """
    if not path.is_file():
        raise MissingError(f"the weights {path} do not exist", hint="Check model.weights.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored: Any = torch.load(path, map_location="cpu", weights_only=True, encoding="latin1")
    except Exception as error:  # both libraries raise many kinds of errors for a bad file
        raise InputError(
            f"{path} is not a plain weight file and was not loaded",
            hint="Give a .safetensors file, or a .pth with tensors only, not a pickled model.",
        ) from error
    state = _tensors(stored)
    if not state:
        raise InputError(f"{path} contains no named tensors", hint="Give a state dict as saved by torch.")
    return state


def published_names(state: Mapping[str, Tensor], wanted: Collection[str]) -> dict[str, Tensor]:
    """The same tensors without common prefixes, except if a name already fits."""
    names: dict[str, Tensor] = {}
    for name, tensor in state.items():
        short = name
        while short not in wanted and (prefix := PREFIX.match(short)):
            short = short[prefix.end() :]
        if short not in names or name in wanted:
            names[short] = tensor
    return names


def _tensors(stored: Any) -> dict[str, Tensor]:
    """The deepest dict under a known key that contains tensors."""
    if not isinstance(stored, Mapping):
        return {}
    for key in NESTED:
        if isinstance(stored.get(key), Mapping) and (inner := _tensors(stored[key])):
            return inner
    return {str(name): value for name, value in stored.items() if isinstance(value, Tensor)}
