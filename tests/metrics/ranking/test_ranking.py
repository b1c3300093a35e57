from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from agreid_cli.errors import InputError
from agreid_cli.metrics.ranking import engines, frame, product, scan, sweep
from agreid_cli.metrics.ranking.ranking import Ranks, rank
from agreid_cli.metrics.ranking.summary import summarise
from tests.metrics.people import KINDS, hard_case, people, shells
from tests.metrics.plain import plain_ranks, squared_distance


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
    with pytest.raises(InputError, match="the gallery 1"):
        rank(np.zeros((1, 2)), LINE, **labelled())
    with pytest.raises(InputError, match="query_pid: has 2 entries for 1"):
        rank(np.zeros((1, 1)), LINE, **labelled(query_pid=[1, 2]))
    with pytest.raises(InputError, match="did you mean 'cosine'"):
        rank(np.zeros((1, 1)), LINE, metric="cosin", **labelled())


def test_summary_counts() -> None:
    ranks = Ranks(np.array([1.0, np.nan]), np.array([1, 0]), np.array([1.0, np.nan]), np.array([1, 0]))
    assert summarise(ranks, ks=(1,)).cmc == {1: 1.0}


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS), metric=st.sampled_from(["euclidean", "cosine"])
)
def test_equal_to_the_plain_loop_for_any_blocks_and_threads(seed: int, kind: str, metric: str) -> None:
    rng = np.random.default_rng(seed)
    query, gallery, labels = hard_case(rng, kind)
    expected = plain_ranks(query, gallery, metric=metric, **labels)
    with pytest.MonkeyPatch.context() as patch:
        if rng.random() < 0.7:  # pieces so small that even these arrays have many
            for module, name, value in (
                (engines.CpuEngine, "tile", 3), (scan, "_ENTRIES_AT_A_TIME", 7), (product, "_COLUMNS", 2),
                (product, "SLICE", 4), (frame, "SLICE", 4), (frame, "_AT_A_TIME", 2),
                (sweep, "_MATCHES_AT_A_TIME", 2),
            ):  # fmt: skip
                patch.setattr(module, name, value)
        found = rank(
            query, gallery, metric=metric, block_query=int(rng.integers(1, 9)),
            block_gallery=int(rng.integers(1, 41)), threads=int(rng.integers(1, 3)),
            engine=("numpy", "torch", "torch:cpu")[seed % 3], **labels,
        )  # fmt: skip
    assert found.n_match.tolist() == [len(ranks) for ranks in expected]
    for i, ranks in enumerate(expected):
        if ranks:
            precision = sum(k / r for k, r in enumerate(ranks, 1)) / len(ranks)
            assert found.average_precision[i] == pytest.approx(precision, abs=1e-12)
            assert found.first_hit[i] == ranks[0]
            assert found.inverse_penalty[i] == pytest.approx(len(ranks) / ranks[-1], abs=1e-15)
        else:
            assert np.isnan(found.average_precision[i])
            assert np.isnan(found.inverse_penalty[i])
            assert found.first_hit[i] == 0


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_same_as_scikit_learn_where_nothing_ties(metric: str) -> None:
    query, gallery, labels = people(30, 700, 300)
    found = rank(query, gallery, metric=metric, **labels)
    for i in np.flatnonzero(found.valid):
        same = labels["gallery_pid"] == labels["query_pid"][i]
        kept = (labels["gallery_pid"] != -1) & ~(same & (labels["gallery_camid"] == labels["query_camid"][i]))
        q, g = query[i].astype(float), gallery[kept].astype(float)
        score = g @ q / np.linalg.norm(g, axis=1) if metric == "cosine" else -np.linalg.norm(g - q, axis=1)
        assert found.average_precision[i] == pytest.approx(
            average_precision_score(same[kept], score), abs=1e-12
        )


def test_wherever_the_features_lie(tmp_path: Path) -> None:
    class Reader:
        """A file reader with a shape and slices, and nothing else."""

        def __init__(self, rows: np.ndarray) -> None:
            self.shape, self._rows = rows.shape, rows

        def __getitem__(self, which: slice) -> np.ndarray:
            assert isinstance(which, slice)
            return self._rows[which]

    query, gallery, labels = people(20, 300, 16)
    query, gallery = query.astype(np.float16), gallery.astype(np.float16)
    np.save(tmp_path / "gallery.npy", gallery)
    mapped = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    expected = rank(query, gallery, **labels)
    for features in (mapped, mapped[:], Reader(gallery), gallery.astype(np.float64)):
        found = rank(query, features, block_gallery=70, **labels)
        assert found.average_precision.tobytes() == expected.average_precision.tobytes()


def test_every_engine_gives_the_same_digits() -> None:
    query, gallery, labels = people(40, 900, 600)
    expected = rank(query, gallery, engine="numpy", **labels)
    gallery.flags.writeable = False
    for engine in ("auto", "torch", "torch:cpu"):
        found = rank(query, gallery, engine=engine, threads=2, **labels)
        assert found.average_precision.tobytes() == expected.average_precision.tobytes()
    with pytest.raises(InputError, match="did you mean 'torch'"):
        rank(query, gallery, engine="troch", **labels)
    with pytest.raises(InputError, match="cannot use the device 'nothing'"):
        rank(query, gallery, engine="torch:nothing", **labels)


@pytest.mark.gpu
def test_a_gpu_changes_no_digit() -> None:
    query, gallery, labels = people(400, 9000, 700)
    expected = rank(query, gallery, engine="numpy", **labels)
    found = rank(query, gallery, engine="torch:cuda", **labels)
    assert found.average_precision.tobytes() == expected.average_precision.tobytes()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_near_ties_are_settled_by_the_exact_distance(metric: str) -> None:
    query, gallery = shells(np.random.default_rng(3))
    pid = np.where(np.arange(1200) % 9 == 0, np.arange(1200) // 600, 7)
    found = rank(
        query, gallery, metric=metric, query_pid=[0, 1], gallery_pid=pid,
        query_camid=[0, 0], gallery_camid=np.ones(1200, int), block_gallery=500,
    )  # fmt: skip
    for i in range(2):
        near = np.array([squared_distance(query[i], row, metric) for row in gallery[600 * i : 600 * i + 600]])
        assert np.ptp(near) < 1e-4
        order = np.argsort(near)
        assert np.diff(near[order]).min() > 0
        ranks = np.flatnonzero(pid[600 * i : 600 * i + 600][order] == i) + 1
        expected = np.mean(np.arange(1, len(ranks) + 1) / ranks)
        assert found.average_precision[i] == pytest.approx(expected, abs=1e-12)


def test_no_gallery_and_no_query_are_not_errors() -> None:
    empty = rank(
        np.zeros((0, 2)), np.zeros((0, 2)), query_pid=[], gallery_pid=[], query_camid=[], gallery_camid=[]
    )
    assert len(empty.average_precision) == 0
    alone = rank(
        np.zeros((1, 2)), np.zeros((0, 2)), query_pid=[1], gallery_pid=[], query_camid=[0], gallery_camid=[]
    )
    assert not alone.valid.any()
