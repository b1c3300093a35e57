"""Single functions against the authors' code: losses, positions, patch order and token numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from agreid_cli.nn.losses.contrast import contrast
from agreid_cli.nn.losses.cross_entropy import cross_entropy
from agreid_cli.nn.losses.orthogonality import orthogonality
from agreid_cli.nn.losses.triplet import triplet
from agreid_cli.nn.positions import resize_positions
from agreid_cli.nn.tokens.jigsaw import jigsaw_order
from tests.support import golden
from tests.support.golden import TOLERANCE, deviation

PLACE = golden.folder()
pytestmark = pytest.mark.skipif(PLACE is None, reason="the golden numbers are not here")


def units() -> Iterator[tuple[str, str]]:
    for path in sorted(PLACE.glob("units_*.npz")) if PLACE else ():
        seen = {name.split("/")[0] for name in np.load(path).files}
        for unit in sorted(seen - {"meta"}):
            keys = [n for n in np.load(path).files if n.startswith(f"{unit}/") and not n.endswith("_in")]
            yield from (
                ((path.name, key) for key in keys)
                if unit in ("posembed", "jpm_order", "tokens")
                else [(path.name, unit)]
            )


@pytest.mark.parametrize(("file", "unit"), list(units()))
def test_unit(file: str, unit: str) -> None:
    assert PLACE is not None
    arrays = np.load(PLACE / file)
    if unit.startswith("jpm_order/"):
        # Their list counts tokens with the class token at 0.
        assert (jigsaw_order(int(unit.split("/N")[1])).numpy() + 1).tolist() == arrays[unit].tolist()
    elif unit.startswith("posembed/"):
        positions(arrays, unit)
    elif unit.startswith("tokens/"):
        pytest.importorskip("open_clip")
        from agreid_cli.nn.tokens.text import tokens_of as tokens

        assert tokens(unit.removeprefix("tokens/"))[0].tolist() == arrays[unit].tolist()
    else:
        loss(file, unit, {n.split("/")[1]: arrays[n] for n in arrays.files if n.startswith(f"{unit}/")})


def positions(arrays: np.lib.npyio.NpzFile, unit: str) -> None:
    """VDT's file keeps the first two rows; the second is the first patch's, by their slip."""
    made = torch.from_numpy(arrays[unit]).reshape(1, -1, 2)
    given = torch.from_numpy(arrays[unit.removesuffix("out") + "in"]).reshape(1, -1, 2)
    source, target = (
        tuple(map(int, word.split("x"))) for word in unit.split("/")[1].removesuffix("_out").split("_to_")
    )
    ours = resize_positions(given, source=source, target=target, prefix=1)
    kept = made.shape[1] - target[0] * target[1]
    assert deviation(ours[:, 1:], made[:, kept:]) < TOLERANCE
    assert torch.equal(ours[:, :1], made[:, :1])


def loss(file: str, unit: str, arrays: dict[str, np.ndarray]) -> None:
    inputs = {
        n.removeprefix("in_"): torch.from_numpy(a).requires_grad_() for n, a in arrays.items()
        if n.startswith("in_") and np.asarray(a).dtype == np.float64 and np.asarray(a).ndim
    }  # fmt: skip
    labels = torch.from_numpy(arrays["in_labels"]) if "in_labels" in arrays else torch.empty(0)
    made = value(file, unit, inputs, labels, arrays)
    assert deviation(made, arrays["loss"]) < TOLERANCE
    made.backward()
    for name, tensor in inputs.items():
        theirs = arrays.get(f"grad_{name}")
        if theirs is not None:
            assert tensor.grad is not None
            assert deviation(tensor.grad, theirs) < TOLERANCE, name


def value(
    file: str, unit: str, inputs: dict[str, Tensor], labels: Tensor, arrays: dict[str, np.ndarray]
) -> Tensor:
    if unit.startswith("ce_eps"):
        smoothing = float(arrays["in_eps"])
        return cross_entropy(inputs["logits"], labels, smoothing=smoothing, skip_saturated=True)
    if unit.startswith("ce_smooth"):
        return cross_entropy(inputs["logits"], labels, smoothing=0.1, spread="all")
    if unit == "orthogonality":
        return orthogonality(inputs["f"], inputs["v"])
    if unit == "supcon":
        return contrast(inputs["a"], inputs["b"], labels)
    assert unit.startswith("triplet"), unit
    overflow = 0.3 if "fastreid" in file else None
    if unit.startswith("triplet_soft"):
        return triplet(inputs["feat"], labels, soft=True, overflow_margin=overflow)
    return triplet(inputs["feat"], labels, margin=0.3)
