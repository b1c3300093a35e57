"""The fully connected layer after pooling in torchreid's OSNet: linear, batch norm, ReLU.

Its output is what torchreid ranks. Its parts are named as in torchreid's files: `fc.0` and `fc.1`.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

PREFIX = "fc."


def make_fc(channels: int, width: int) -> nn.Sequential:
    """float B×channels → B×width, non-negative, randomly initialised as in torchreid."""
    linear = nn.Linear(channels, width)
    nn.init.normal_(linear.weight, std=0.01)
    nn.init.zeros_(linear.bias)
    return nn.Sequential(linear, nn.BatchNorm1d(width), nn.ReLU())


def fc_width(state: Mapping[str, Tensor], channels: int) -> int:
    """The width of the layer in these weights for a map with this number of channels; 0 if there is none."""
    own = {name: tensor for name, tensor in state.items() if name.startswith(PREFIX)}
    weight = own.get("fc.0.weight")
    if weight is None or weight.dim() != 2 or weight.shape[1] != channels:
        return 0
    width = int(weight.shape[0])
    vectors = ("fc.0.bias", "fc.1.weight", "fc.1.bias", "fc.1.running_mean", "fc.1.running_var")
    whole = all(name in own and own[name].shape == (width,) for name in vectors)
    # Two consecutive layers of this kind belong to another network.
    return width if whole and "fc.3.weight" not in own else 0
