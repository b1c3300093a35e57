"""The published figures are consistent, and our figures are only compared if comparable."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from agreid_cli.records.results import PerQuery, RankingResult
from agreid_cli.reporting.comparable import reasons_against
from agreid_cli.reporting.paper import TABLE_THREE, TABLE_TWO

NOTHING = PerQuery((), (), (), (), ())
AS_PRINTED = RankingResult(
    "a2g", "cosine", "", 0.7, 0.4, (0.8,), 1071, 1047, 24, 3225, 0, "0" * 12, False, "split", "x", NOTHING
)  # fmt: skip


def test_every_printed_rank1_is_a_share_of_the_queries() -> None:
    """A digit mistyped here would hardly be a multiple of 1/1047 or 1/962 any more."""
    printed = [(values[5], values[7]) for _, values in TABLE_TWO]
    printed += [(values[1], values[3]) for _, values in TABLE_THREE]
    for side, n in ((0, 1047), (1, 962)):
        for value in (pair[side] for pair in printed):
            hits = math.ceil(value * n / 100 - 1e-9)  # the figures are rounded, and two are cut off
            shares = {round(100 * k / n, 2) for k in (hits, hits - 1)} | {int(1e4 * hits / n) / 100}
            assert value in shares, (value, n)
    assert (len(TABLE_TWO), len(TABLE_THREE)) == (3, 12)


def test_rank1_never_falls_with_the_explainable_stream_and_eight_gains_are_small() -> None:
    """What the remarks of the page say of Table III."""
    pairs = list(zip(TABLE_THREE[::2], TABLE_THREE[1::2], strict=True))
    assert all(after[0] == f"{before[0]} + Explainable" for before, after in pairs)
    gains = [after[1][at] - before[1][at] for before, after in pairs for at in (1, 3)]
    assert min(gains) > 0
    assert sum(gain < 1.2 for gain in gains) == 8


@pytest.mark.parametrize(
    ("change", "facts", "said"),
    [
        ({}, {}, ()),
        ({}, {"dataset": ""}, ("own crops",)),
        ({}, {"dataset": "cargo"}, ("data set cargo",)),
        ({"n_valid": 1071, "n_gallery": 3331}, {}, ("a later release",)),
        ({"n_valid": 500}, {}, ("500 valid queries here, 1,047 in the paper",)),
        ({"rerank": "20,6,0.3"}, {}, ("re-ranked",)),
        ({}, {"recipe": "campus", "pretrained": False}, ("recipe campus", "randomly initialised")),
        ({}, {"recipe": ""}, ("the model that made these embeddings is unknown",)),
        ({"direction": "g2w"}, {}, ("no direction g2w",)),
    ],
)
def test_every_reason_against_a_comparison_is_given(
    change: dict[str, object], facts: dict[str, object], said: tuple[str, ...]
) -> None:
    result = replace(AS_PRINTED, **change)  # type: ignore[arg-type]
    known = {"dataset": "ag-reid", "recipe": "bot-vit", "pretrained": True} | facts
    reasons = reasons_against(result, **known)  # type: ignore[arg-type]
    assert len(reasons) == len(said)
    assert all(words in reason for words, reason in zip(said, reasons, strict=True))
