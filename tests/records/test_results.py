"""Results are read back unchanged, and invalid files give a clear error."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.results import Interval, PerQuery, RankingResult, read_result, write_result

RESULT = RankingResult(
    direction="a2g", metric="cosine", rerank="", mAP=0.75, mINP=0.5, cmc=(0.5, 1.0), n_query=3, n_valid=2,
    n_dropped=1, n_gallery=9, n_junk=1, fingerprint="0123456789ab", made_ids=False, roles="split",
    source="runs/a",
    per_query=PerQuery(("a", "b", "ü"), (1, 2, 3), (0.5, 1.0, None), (2, 1, None), (4, 1, 0)),
)  # fmt: skip


@pytest.mark.parametrize("ci", [None, Interval((0.1, 0.2), (0.3, 0.4), 0.95, 1000, 2)])
def test_a_result_reads_back(tmp_path: Path, ci: Interval | None) -> None:
    result = replace(RESULT, ci=ci)
    write_result(result, tmp_path / "r" / "a2g.json")
    assert read_result(tmp_path / "r" / "a2g.json") == result
    assert (result.rank(1), result.rank(50)) == (0.5, 1.0)


def test_the_brief_form_leaves_the_queries_out() -> None:
    brief = RESULT.brief()
    assert {"direction", "mAP", "mINP", "rank1", "rank5", "rank10", "n_query", "n_valid", "n_gallery"} <= set(
        brief
    )
    assert "per_query" not in brief
    assert json.loads(json.dumps(brief)) == brief


def test_what_is_no_result_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with pytest.raises(MissingError, match="does not exist"):
        read_result(path)
    write_result(RESULT, path)
    good = path.read_text()
    for text, said in (
        ("hello", "not a results file"),
        ("[1]", "not a results file"),
        (good.replace("results/1", "results/2"), "Upgrade agreid"),
        (good.replace('"n_query": 3', '"n_query": 4'), "damaged"),
        (good.replace('"mAP"', '"map"'), "damaged"),
        (good.replace('"mAP": 0.75', '"mAP": 75.0'), "mAP is not in 0..1"),
        (good.replace('"mAP": 0.75', '"mAP": NaN'), "mAP is not in 0..1"),
        (good.replace('"cmc": [0.5, 1.0]', '"cmc": [0.5, 0.4]'), "cmc decreases"),
        (good.replace('"n_valid": 2', '"n_valid": 4'), "4 valid and 1 dropped of 3 queries"),
        (good.replace('"n_valid": 2', '"n_valid": 1').replace('"n_dropped": 1', '"n_dropped": 2'), "damaged"),
        (good.replace("[0.5, 1.0, null]", "[0.5, 1.5, null]"), "an average precision is not in 0..1"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=said):
            read_result(path)
