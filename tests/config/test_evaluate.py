"""The section `[evaluate]`: command line and TOML accept the same values."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.load import build, read_toml, to_toml, with_overrides
from agreid_cli.errors import InputError


def test_words_and_toml_agree(tmp_path: Path) -> None:
    words = ["rerank=20,6,0.3", "platform_of_camid.0=uav", "metric=euclidean"]
    config = with_overrides(EvaluateConfig(), words)
    assert config.rerank is not None
    assert (config.rerank.k1, config.rerank.k2, config.rerank.lambda_value) == (20, 6, 0.3)
    assert config.platform_of_camid == {0: "uav"}
    (tmp_path / "c.toml").write_text(to_toml(config))
    assert build(EvaluateConfig, read_toml(tmp_path / "c.toml"), "c.toml") == config
    assert with_overrides(config, ["rerank="]).rerank is None


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("metric=l1", "cosine"),
        ("rerank=20,6", "three numbers"),
        ("rerank=20,x,1", "integer"),
        ("rerank=20,6,2", "equal to 1"),
    ],
)
def test_wrong_words_are_explained(word: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        with_overrides(EvaluateConfig(), [word])
