"""Convert nested state (dicts, lists, tuples, numbers, tensors) to flat tensors and one JSON text, and back.

This is the content of a state file: it contains no code, and numbers are restored exactly.
"""

from __future__ import annotations

import json
from typing import Any

from torch import Tensor


def flatten(tree: Any) -> tuple[dict[str, Tensor], str]:
    """The tensors by number, and the rest as JSON.

    >>> import torch
    >>> tensors, text = flatten({"lr": 0.1, 3: (torch.zeros(2), None)})
    >>> list(tensors)
    ['0']
    >>> unflatten(tensors, text)
    {'lr': 0.1, 3: (tensor([0., 0.]), None)}
    """
    tensors: dict[str, Tensor] = {}
    return tensors, json.dumps(_down(tree, tensors))


def unflatten(tensors: dict[str, Tensor], text: str) -> Any:
    """The inverse of `flatten`."""
    return _up(json.loads(text), tensors)


def _down(node: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(node, Tensor):
        name = str(len(tensors))
        # One storage per tensor: safetensors refuses shared ones.
        tensors[name] = node.detach().to("cpu", copy=True).contiguous()
        return {"tensor": name}
    if isinstance(node, dict):
        return {"dict": [[_down(k, tensors), _down(v, tensors)] for k, v in node.items()]}
    if isinstance(node, (list, tuple)):
        return {type(node).__name__: [_down(value, tensors) for value in node]}
    if node is None or isinstance(node, (bool, int, float, str)):
        return node
    raise TypeError(f"a {type(node).__name__} cannot be saved in a state file")


def _up(node: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(node, dict):
        return node
    [(kind, value)] = node.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "dict":
        return {_up(k, tensors): _up(v, tensors) for k, v in value}
    return (tuple if kind == "tuple" else list)(_up(item, tensors) for item in value)
