"""The method reid: errors before any crop is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.errors import InputError
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.methods.reid import METHOD

SWIN = "timm:swin_tiny_patch4_window7_224"
WRONG = [
    ("bot-vit", ["model.size=250x128"], "do not divide 250 × 128"),
    ("bot-vit", ["model.pool=gem"], "may be negative"),
    ("bot-osnet", ["model.pool=token"], "no class token"),
    ("bot-osnet", ["data.k=1"], "data.k: triplets need two crops"),
    ("bot-osnet", ["loss.terms={view={weight=0.1}}"], "loss.terms.view: needs a certain method"),
    ("bot-osnet", ["data.p=1"], "data.p: triplets need two identities"),
    ("bot-osnet", [f"model.backbone={SWIN}", "model.size=224x224", "model.pool=gem"], "may be negative"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sets", "says"), WRONG)
def test_what_does_not_fit_is_refused_before_any_crop_is_read(
    name: str, sets: list[str], says: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        METHOD.resolve(Workspace(tmp_path), with_overrides(recipe(name), sets), Run(tmp_path / "run"))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "sets",
    [
        ["model.backbone=timm:beit_base_patch16_224", "model.pool=token"],
        ["data.k=1", "loss.triplet.kind=none"],
    ],
)
def test_what_fits_is_left_as_it_is(sets: list[str], tmp_path: Path) -> None:
    config = with_overrides(recipe("bot-osnet"), sets)
    assert METHOD.resolve(Workspace(tmp_path), config, Run(tmp_path / "run")) == config
