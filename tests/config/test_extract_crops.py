"""The configuration of `extract-crops`: defaults as in the paper, bounds, one message for a wrong value."""

from __future__ import annotations

import pytest

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.config.load import from_toml, to_toml, with_overrides
from agreid_cli.errors import InputError


def test_the_defaults_are_the_paper_s() -> None:
    config = ExtractConfig()
    assert config.every == 30
    assert config.tracker.name == "strongsort"
    assert config.faces.pixelate
    assert config.detector.imgsz == "auto"


def test_it_survives_toml() -> None:
    words = ["detector.classes=rider, person"]
    assert with_overrides(ExtractConfig(), words).detector.classes == ("rider", "person")
    config = with_overrides(ExtractConfig(), ["detector.imgsz=960", "tracker.options.max_age=9", "every=10"])
    assert (config.detector.imgsz, config.tracker.options, config.every) == (960, {"max_age": 9}, 10)
    assert from_toml(ExtractConfig, to_toml(config), "test") == config


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("detector.imgsz=16", "Give auto, or an integer of at least 32 (got 16)"),
        ("detector.imgsz=640.5", "Give auto, or an integer of at least 32"),
        ("detector.imgsz=true", "Give auto, or an integer of at least 32"),
        ("detector.batch=0", "Give auto, or an integer of at least 1"),
        ("detector.conf=1.5", "less than or equal to 1"),
        ("jpeg_quality=101", "less than or equal to 100"),
        ("tracker.camera_motion=maybe", "'auto', 'on' or 'off'"),
        ("faces.pixelat=false", "did you mean 'pixelate'?"),
    ],
)
def test_a_wrong_value_is_one_sentence(word: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        with_overrides(ExtractConfig(), [word])
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("value", ["auto", "640", 640])
def test_a_size_may_come_as_a_word_from_the_command_line(value: object) -> None:
    found = ExtractConfig.model_validate({"detector": {"imgsz": value}}).detector.imgsz
    assert found == ("auto" if value == "auto" else 640)
