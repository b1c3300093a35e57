from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.errors import InputError
from agreid_cli.metrics import rerank as module
from agreid_cli.metrics.ranking.given import rank_distances, topk_distances
from agreid_cli.metrics.ranking.ranking import rank
from agreid_cli.metrics.ranking.summary import summarise
from agreid_cli.metrics.rerank import rerank
from tests.metrics.people import draw, people
from tests.metrics.plain import plain_rerank

KINDS = ("few values", "normal", "one vector", "near a point", "half", "huge", "all scales")


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS), metric=st.sampled_from(["euclidean", "cosine"])
)
def test_equal_to_the_plain_algorithm(seed: int, kind: str, metric: str) -> None:
    rng = np.random.default_rng(seed)
    rows = draw(rng, kind, int(rng.integers(4, 45)), int(rng.integers(1, 9)))
    n_query = int(rng.integers(1, len(rows) - 1))
    k1, k2, lambda_value = int(rng.integers(1, 10)), int(rng.integers(1, 5)), float(rng.integers(0, 5)) / 4
    expected = plain_rerank(rows[:n_query], rows[n_query:], k1, k2, lambda_value, metric)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS_AT_A_TIME", 3)
        patch.setattr(module, "COLUMNS_AT_A_TIME", 5)
        found = rerank(
            rows[:n_query], rows[n_query:], k1=k1, k2=k2, lambda_value=lambda_value, metric=metric,
            threads=int(rng.integers(1, 3)),
        )  # fmt: skip
        assert found.shape == expected.shape
        assert np.abs(found[:] - expected).max() < 1e-6
        assert found[1:3].tobytes() == found[:][1:3].tobytes()


def test_a_query_far_out_is_farthest_from_the_ordinary_rows() -> None:
    gallery = np.random.default_rng(0).standard_normal((20, 2)) - [5, 0]
    gallery[7] = 101, 0  # so long that it is ranked in a block of its own
    query = np.array([[100.0, 0.0], [-5.0, 0.0]])
    expected = plain_rerank(query, gallery, 4, 2, 0.5, "euclidean")
    assert np.abs(rerank(query, gallery, k1=4, k2=2, lambda_value=0.5)[:] - expected).max() < 1e-6


def test_re_ranked_distances_rank_and_list() -> None:
    query, gallery, labels = people(40, 400, 32)
    better = rerank(query, gallery)
    before, after = summarise(rank(query, gallery, **labels)), summarise(rank_distances(better, **labels))
    assert after.mAP > before.mAP + 0.05
    assert (after.n_query, after.n_valid) == (before.n_query, before.n_valid)
    listed = topk_distances(better, 3, **labels)
    assert listed.distance.tolist() == np.sort(listed.distance).tolist()
    first = rank_distances(better, **labels).first_hit == 1
    assert listed.match[:, 0].tolist() == first.tolist()


def test_with_lambda_one_the_order_is_the_original_one() -> None:
    query, gallery, labels = people(30, 200, 16)
    same = rank_distances(rerank(query, gallery, lambda_value=1.0), **labels)
    assert same.first_hit.tolist() == rank(query, gallery, **labels).first_hit.tolist()


def test_a_collapsed_model_is_not_rescued() -> None:
    labels = {
        "query_pid": [1],
        "gallery_pid": [1, 2, 3, 1],
        "query_camid": [0],
        "gallery_camid": [1, 1, 1, 1],
    }
    ranks = rank_distances(rerank(np.ones((1, 3)), np.ones((4, 3)), k1=9, k2=2), **labels)
    assert ranks.first_hit.tolist() == [3]


def test_impossible_settings_are_refused_together() -> None:
    with pytest.raises(InputError) as caught:
        rerank(np.ones((1, 2)), np.ones((2, 2)), k1=0, k2=0, lambda_value=2)
    assert [p.where for p in caught.value.problems] == ["k1", "k2", "lambda"]
    with pytest.raises(InputError, match="the gallery 3"):
        rerank(np.ones((1, 2)), np.ones((2, 3)))
