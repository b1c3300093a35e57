"""TransReID, VDT, SeCap and CLIP-ReID give the values of the authors' code: features, losses, gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from agreid_cli.nn.losses.contrast import contrast
from agreid_cli.records.side import NO_SIDE
from tests.support import golden
from tests.support.golden import TOLERANCE, Golden, deviation

pytest.importorskip("open_clip")
FILES = golden.networks()
pytestmark = pytest.mark.skipif(not FILES, reason="the golden numbers are not here")
STAGE_2 = [path for path in FILES if "stage1" not in path.name]

#: What the loss looks at, by the authors' names → where our head output holds it.
FEATURES = {
    "transreid": {
        **{f"feature_{i}": ("metric", i) for i in range(5)},
        **{f"logits_{i}": ("logits", i) for i in range(5)},
        "feature": ("metric", 0), "logits": ("logits", 0),
    },
    "vdt": {"feature_id": ("metric", 0), "logits_id": ("logits", 0)},
    "secap": {
        "feature_id": ("metric", 0), "logits_id": ("logits", 0), "feature_local": ("metric", 1),
        "logits_local": ("logits", 1),
    },
    "clipreid": {
        "feature_last": ("metric", 0), "feature": ("metric", 1), "feature_proj": ("metric", 2),
        "logits": ("logits", 0), "logits_proj": ("logits", 1), "logits_i2t": ("logits", 2),
    },
}  # fmt: skip
#: Terms that our objective names as the authors do; the others are compared through the total.
TERMS = {
    "transreid": {"id": "ce", "triplet": "triplet"}, "vdt": {"cls_id": "ce", "triplet_id": "triplet"},
    "secap": {}, "clipreid": {},
}  # fmt: skip


@pytest.mark.parametrize("path", STAGE_2, ids=lambda p: p.stem)
def test_inference_training_loss_gradients_and_statistics(path: Path) -> None:
    found = golden.read(path)
    before = {name: tensor.clone() for name, tensor in found.model.state_dict().items()}
    with torch.no_grad():
        feature = found.model.eval().embed(found.images, found.side)
    assert deviation(feature, found.arrays["eval/feature"]) < TOLERANCE
    assert all(torch.equal(before[name], t) for name, t in found.model.state_dict().items())
    check_outputs(found)
    found.model.load_state_dict(before)
    losses = found.losses()
    losses.total.backward()
    check_losses(found, losses.named)
    check_gradients(found)
    ours = found.model.state_dict()
    for name, array in found.part("after").items():
        assert deviation(ours[found.names[name]], array) < TOLERANCE, name


def check_outputs(found: Golden) -> None:
    """Every feature and logit that a loss looks at, in training mode."""
    out = found.model.train()(found.images, found.side, found.labels)
    theirs = found.part("train")
    compared = 0
    for name, (kind, place) in FEATURES[found.method].items():
        if name in theirs:
            assert deviation(getattr(out, kind)[place].values, theirs[name]) < TOLERANCE, name
            compared += 1
    if found.method in ("vdt", "secap"):
        assert deviation(out.extra["view_feature"], theirs["feature_view"]) < TOLERANCE
        assert deviation(out.extra["view_logits"], theirs["logits_view"]) < TOLERANCE
    assert compared >= 2


def check_losses(found: Golden, named: dict[str, torch.Tensor]) -> None:
    theirs = found.part("loss")
    assert deviation(named["total"], theirs["total"]) < TOLERANCE
    for name, ours in TERMS[found.method].items():
        assert deviation(named[ours], theirs[name]) < TOLERANCE, name
    weight = found.meta.get("view_lambda")
    if weight:
        assert deviation(weight * named["view"], theirs["cls_view"]) < TOLERANCE
        assert deviation(weight * named["orthogonality"], theirs["oreg"]) < TOLERANCE
    if found.method == "secap":
        assert deviation(named["ce"], theirs["cls_id"] + theirs["cls_local"]) < TOLERANCE
    if found.method == "clipreid":
        three = theirs["triplet_last"] + theirs["triplet"] + theirs["triplet_proj"]
        assert deviation(named["triplet"], three) < TOLERANCE


def check_gradients(found: Golden) -> None:
    """The stored gradients, and the norm of the gradient of every parameter."""
    ours = dict(found.model.named_parameters())
    compared = 0
    for name, gradient in found.tensors("grad").items():
        if name in found.names:
            own = ours[found.names[name]].grad
            if own is None:  # not trained here, because it changes nothing
                assert gradient.abs().max() < 1e-12, name
                continue
            assert deviation(own, gradient) < TOLERANCE, name
            compared += 1
    assert compared >= 5
    for name, first in found.part("grad_first8").items():
        renamed = next(iter(found.scheme.prepare({name: torch.from_numpy(first)})))
        own = ours[found.names[renamed]].grad
        assert own is not None
        assert deviation(own[:8], first) < TOLERANCE
    norms = dict(
        zip(found.arrays["gradnorm/names"].tolist(), found.arrays["gradnorm/l2"].tolist(), strict=True)
    )
    weights = found.part("w")
    # Renaming looks at shapes only; the numbers stand in a tensor of the parameter's own shape.
    marked = {
        name: torch.full(weights[name].shape, value, dtype=torch.float64) for name, value in norms.items()
    }
    for name, mark in found.scheme.prepare(marked).items():
        if name not in found.names or "pos_embed" in name or "view_pos" in name:
            continue  # the position table of VDT is two parameters of ours
        parameter, theirs = ours.get(found.names[name]), float(mark.flatten()[0])
        if parameter is None or not parameter.requires_grad:
            continue
        own = 0.0 if parameter.grad is None else float(parameter.grad.norm())
        assert abs(own - (0.0 if np.isnan(theirs) else theirs)) <= TOLERANCE * max(abs(theirs), 1e-4), name


@pytest.mark.parametrize("path", [p for p in FILES if "stage1" in p.name], ids=lambda p: p.stem)
def test_stage_1_of_clip_reid(path: Path) -> None:
    found = golden.read(path)
    state = {k: torch.from_numpy(v) for k, v in found.part("w").items()}
    descriptions, tower = golden.text_side(state, found.meta)
    everyone = tower(descriptions(torch.arange(found.meta["identities"])), descriptions.end)
    assert deviation(everyone, found.arrays["eval/text_features"]) < TOLERANCE
    features = torch.from_numpy(found.arrays["eval/image_features_stage1"])
    with torch.no_grad():
        projected = found.model.eval().embed(found.images, NO_SIDE)[:, -features.shape[1] :]
    assert deviation(projected, features) < TOLERANCE
    rows = torch.from_numpy(found.arrays["in/batch_index"])
    labels = found.labels[rows]
    texts = tower(descriptions(labels), descriptions.end)
    texts.retain_grad()
    i2t, t2i = contrast(features[rows], texts, labels), contrast(texts, features[rows], labels)
    (i2t + t2i).backward()
    assert deviation(i2t, found.arrays["loss/i2t"]) < TOLERANCE
    assert deviation(t2i, found.arrays["loss/t2i"]) < TOLERANCE
    assert deviation(texts.grad, found.arrays["grad_of/text_features"]) < TOLERANCE
    assert deviation(descriptions.words.grad, found.arrays["grad/prompt_learner.cls_ctx"]) < TOLERANCE


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_stage_1_texts_and_features(path: Path) -> None:
    """Every CLIP-ReID file holds the texts, and the image features without side information."""
    found = golden.read(path)
    if "eval/text_features" not in found.arrays:
        pytest.skip("no text in this file")
    assert deviation(found.model.head.descriptions, found.arrays["eval/text_features"]) < TOLERANCE
    found.model.backbone.stem.table = None
    with torch.no_grad():
        own = found.model.eval().embed(found.images, NO_SIDE)[:, -found.model.head.projection.out_features :]
    assert deviation(own, found.arrays["eval/image_features_stage1"]) < TOLERANCE
