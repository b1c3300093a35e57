"""Hostile and odd image files in training: an error with the path, or converted and reported."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from agreid_cli.errors import InputError
from agreid_cli.training.cache import open_cache
from tests.support.heard import Heard
from tests.training.drawn import person

SIZE = (24, 16)


def test_a_bomb_a_pipe_and_a_nul_byte_are_refused_by_name(tmp_path: Path) -> None:
    good = tmp_path / "good.jpg"
    cv2.imwrite(str(good), person(1, 1))
    bomb, pipe = tmp_path / "bomb.png", tmp_path / "pipe.jpg"
    Image.new("1", (30_000, 30_000)).save(bomb)
    os.mkfifo(pipe)
    with pytest.raises(InputError) as caught:
        open_cache(tmp_path / "cache" / "train", [str(good), str(bomb), str(pipe)], size=SIZE, workers=2)
    assert [(p.where, p.what) for p in caught.value.problems] == [
        (str(bomb), "it has more than 89,478,485 pixels, which are refused"),
        (str(pipe), "it is a named pipe, not a file"),
    ]
    with pytest.raises(InputError) as caught:
        open_cache(tmp_path / "cache" / "train", [str(good), f"{tmp_path}/a\0b.jpg"], size=SIZE)
    assert caught.value.problems[0].where == f"{tmp_path}/a\\x00b.jpg"


def test_what_was_converted_is_said_also_when_the_cache_serves(tmp_path: Path) -> None:
    deep, plain = tmp_path / "deep.png", tmp_path / "plain.jpg"
    cv2.imwrite(str(deep), person(2, 1).astype(np.uint16) * 16)
    cv2.imwrite(str(plain), person(2, 1))
    for built in (True, False):
        heard = Heard()
        found = open_cache(tmp_path / "cache" / "train", [str(deep), str(plain)], size=SIZE, progress=heard)
        assert found.built is built
        assert "1 image was converted to 8-bit RGB: 1 with 12 of 16 bits" in heard.notes
    assert np.abs(found.images[0].astype(int) - found.images[1]).mean() < 6
