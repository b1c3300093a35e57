from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.errors import InputError
from agreid_cli.metrics.ranking import Ranks, rank
from agreid_cli.metrics.summary import summarise


def labelled(**changes: object) -> dict[str, object]:
    arrays: dict[str, object] = {
        "query_pid": [1],
        "gallery_pid": [1, 2, 3, 1, -1, 1, 2],
        "query_camid": [0],
        "gallery_camid": [0, 1, 1, 1, 1, 2, 2],
    }
    return {**arrays, **changes}


LINE = np.array([[1.0], [2.0], [-3.0], [3.0], [4.0], [5.0], [6.0]])


def test_the_hand_worked_example() -> None:
    ranks = rank(np.array([[0.0]]), LINE, **labelled())
    assert ranks.average_precision[0] == pytest.approx((1 / 3 + 2 / 4) / 2, abs=1e-15)
    assert (ranks.first_hit[0], ranks.inverse_penalty[0], ranks.n_match[0]) == (3, 2 / 4, 2)
    summary = summarise(ranks)
    assert summary.mAP == pytest.approx(5 / 12)
    assert summary.cmc == {1: 0.0, 5: 1.0, 10: 1.0, 20: 1.0, 50: 1.0}


def test_a_collapsed_model_scores_its_worst_case() -> None:
    ranks = rank(np.ones((1, 3)), np.ones((7, 3)), **labelled())
    # Three wrong items stand before both matches: ranks 4 and 5.
    assert ranks.average_precision[0] == pytest.approx((1 / 4 + 2 / 5) / 2)


def test_a_query_without_a_match_or_with_pid_minus_one_is_dropped() -> None:
    for pid in (9, -1):
        ranks = rank(np.array([[0.0]]), LINE, **labelled(query_pid=[pid]))
        assert not ranks.valid[0]
        assert np.isnan(ranks.average_precision[0])
        summary = summarise(ranks)
        assert (summary.n_query, summary.n_valid, summary.n_dropped) == (1, 0, 1)
        assert np.isnan(summary.mAP)


def test_what_cannot_be_ranked_is_refused_with_its_rows() -> None:
    bad = LINE.copy()
    bad[[2, 5]] = [[np.nan], [np.inf]]
    with pytest.raises(InputError) as caught:
        rank(np.array([[0.0]]), bad, **labelled())
    assert "gallery row 2" in str(caught.value)
    assert "gallery row 5" in str(caught.value)
    with pytest.raises(InputError, match="wide"):
        rank(np.zeros((1, 2)), LINE, **labelled())
    with pytest.raises(InputError, match="query_pid: has 2 entries for 1"):
        rank(np.zeros((1, 1)), LINE, **labelled(query_pid=[1, 2]))
    with pytest.raises(InputError, match="did you mean 'cosine'"):
        rank(np.zeros((1, 1)), LINE, metric="cosin", **labelled())


def test_summary_counts() -> None:
    ranks = Ranks(np.array([1.0, np.nan]), np.array([1, 0]), np.array([1.0, np.nan]), np.array([1, 0]))
    assert summarise(ranks, ks=(1,)).cmc == {1: 1.0}
