from __future__ import annotations

import pytest

from agreid_cli.config.build_manifest import AGE_FOLD, ManifestConfig
from agreid_cli.config.load import build, with_overrides
from agreid_cli.errors import InputError


def test_one_band_can_be_moved_alone() -> None:
    config = with_overrides(ManifestConfig(), ["age_fold.25-34=middle"])
    assert config.age_fold == {**AGE_FOLD, "25-34": "middle"}
    assert build(ManifestConfig, {"age_fold": {">65": "unknown"}}, "t").age_fold[">65"] == "unknown"


def test_an_unknown_band_and_an_unknown_class_are_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean '18-24'"):
        with_overrides(ManifestConfig(), ["age_fold.18-25=young"])
    with pytest.raises(InputError, match="'young'"):
        with_overrides(ManifestConfig(), ["age_fold.18-24=yung"])
