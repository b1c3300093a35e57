"""CLIP files: half a text tower is refused, and CLIP-ReID has no stage 1 where nothing is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.errors import InputError
from agreid_cli.progress import SILENT
from agreid_cli.training.methods.clip_reid import METHOD
from agreid_cli.training.methods.clip_towers import ClipWeights, TextSize, clip_weights
from tests.support.people_on_disk import write_people
from tests.training.methods.test_token_methods import small

pytest.importorskip("open_clip")
SIZE = TextSize(width=32, heads=2, layers=1, output=24)


def test_a_text_tower_is_loaded_whole_or_refused() -> None:
    text = ClipWeights("none", {}, {}).tower(SIZE).state_dict()
    found = ClipWeights("a.pt", {}, text).tower(SIZE).state_dict()
    assert all(torch.equal(tensor, found[name]) for name, tensor in text.items())
    del text["text_projection"]
    for some in (text, {}):
        with pytest.raises(InputError, match=r"a\.pt lacks \d+ tensors of CLIP's text tower"):
            ClipWeights("a.pt", {}, some).tower(SIZE)


def test_a_checkpoint_of_clip_reid_is_no_clip_file_and_the_hint_says_its_use(tmp_path: Path) -> None:
    torch.save({"image_encoder.proj": torch.zeros(2, 2)}, tmp_path / "a.pth")
    config = with_overrides(recipe("clip-reid"), [f"model.weights={tmp_path / 'a.pth'}"])
    with pytest.raises(InputError, match="no CLIP image tower") as caught:
        clip_weights(config)
    assert "schedule.epochs=0" in caught.value.hint


def test_without_epochs_no_description_is_learned(tmp_path: Path) -> None:
    workspace = write_people(tmp_path)
    assert METHOD.prepare(workspace, small("clip-reid", "schedule.epochs=0"), SILENT)[1].first is None
    assert METHOD.prepare(workspace, small("clip-reid"), SILENT)[1].first is not None
