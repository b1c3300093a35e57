"""The configuration of `agreid build-manifest`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from agreid_cli.config.base import Frozen
from agreid_cli.errors import did_you_mean

AgeClass = Literal["young", "middle", "old", "unknown"]

#: The official table has nine age labels and the official .mat four age columns; the mapping between them
#: is not published. This mapping is our choice: on a campus, 95 % of the people are "young" in the .mat, so
#: "young" must extend to 34 (method.md §3.3).
AGE_FOLD: dict[str, AgeClass] = {
    "0-11": "young",
    "12-17": "young",
    "18-24": "young",
    "25-34": "young",
    "35-44": "middle",
    "45-54": "middle",
    "55-64": "old",
    ">65": "old",
}


class ManifestConfig(Frozen):
    """How annotations are turned into bits."""

    exclude: tuple[str, ...] = ()  # names of attribute groups to leave out
    age_fold: dict[str, AgeClass] = Field(default_factory=lambda: dict(AGE_FOLD))

    @field_validator("age_fold", mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """Age bands that are not given keep their default, so that a single band can be changed."""
        if not isinstance(given, dict):
            return given
        for band in given:
            if band not in AGE_FOLD:
                raise ValueError(f"unknown age band '{band}'{did_you_mean(str(band), AGE_FOLD)}")
        return {band: given.get(band, usual) for band, usual in AGE_FOLD.items()}
