"""The index against the exact scan: equal with all lists and candidates, and the recall counted by hand."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agreid_cli.errors import InputError, MissingError
from agreid_cli.metrics import approximate
from agreid_cli.metrics.approximate import Probing, build_index, measure_recall, near, nearest_rows
from agreid_cli.progress import SILENT

ALL = Probing(probes=10_000, candidates=10_000)


@pytest.fixture(scope="module")
def gallery() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.standard_normal((900, 16)).astype(np.float16)


def built(gallery: np.ndarray, metric: str, factory: str = "IVF20,SQ8") -> Any:
    pytest.importorskip("faiss")
    with SILENT.task("building", len(gallery), "crops") as task:
        return build_index(gallery, factory=factory, metric=metric, seed=0, task=task)


def slow(query: np.ndarray, gallery: np.ndarray, k: int, metric: str) -> tuple[list[int], list[float]]:
    a, b = query.astype(np.float64), gallery.astype(np.float64)
    if metric == "cosine":
        distance = 1 - b @ a / np.linalg.norm(b, axis=1) / np.linalg.norm(a)
    else:
        distance = np.linalg.norm(b - a, axis=1)
    order = np.argsort(distance, kind="stable")[:k]
    return order.tolist(), distance[order].tolist()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_scan_is_the_sorted_list_of_distances(gallery: np.ndarray, metric: str) -> None:
    query = gallery[:3].astype(np.float32) + 0.1
    for one, found in zip(query, nearest_rows(query, gallery, 7, metric), strict=True):
        rows, distance = slow(one, gallery, 7, metric)
        assert found.rows.tolist() == rows
        assert found.distance == pytest.approx(distance, abs=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_all_lists_and_candidates_are_the_exact_scan(gallery: np.ndarray, metric: str) -> None:
    index = built(gallery, metric)
    query = gallery[:5].astype(np.float32) + 0.1
    exact = nearest_rows(query, gallery, 10, metric)
    for found, true in zip(near(index, query, gallery, 10, metric=metric, how=ALL), exact, strict=True):
        assert found.rows.tolist() == true.rows.tolist()
        assert found.distance.tolist() == true.distance.tolist(), "to the bit"


def test_candidates_are_ordered_by_their_exact_distance(gallery: np.ndarray) -> None:
    index = built(gallery, "euclidean")
    [found] = near(index, gallery[:1].astype(np.float32), gallery, 5, metric="euclidean", how=Probing(1, 20))
    rows = found.rows.tolist()
    order, distance = slow(gallery[0], gallery[rows], 5, "euclidean")
    assert order == list(range(5))
    assert found.distance == pytest.approx(distance, abs=1e-6)


def test_a_row_left_out_is_no_answer_and_few_probes_still_give_k(gallery: np.ndarray) -> None:
    index = built(gallery, "euclidean", "IVF23,SQ8")
    query = gallery[7:8].astype(np.float32)
    [found] = near(index, query, gallery, 300, metric="euclidean", how=Probing(1, 300), leave=[7])
    assert 7 not in found.rows.tolist()
    assert len(found.rows) == 300, "a list holds about 39 rows, so all lists are read"


def test_the_recall_is_what_a_count_by_hand_gives(gallery: np.ndarray) -> None:
    index = built(gallery, "euclidean")
    how = Probing(2, 40)
    found = measure_recall(index, gallery, 5, metric="euclidean", how=how, sample=30, seed=4)
    rows = np.sort(np.random.default_rng(4).choice(900, 30, replace=False)).tolist()
    hits = 0
    for row in rows:
        true = [r for r in slow(gallery[row], gallery, 6, "euclidean")[0] if r != row][:5]
        query = gallery[row : row + 1].astype(np.float32)
        [said] = near(index, query, gallery, 5, metric="euclidean", how=how, leave=[row])
        hits += len(set(true) & set(said.rows.tolist()))
    assert found.value == hits / 150
    assert 0.2 < found.value < 1
    assert measure_recall(index, gallery, 5, metric="euclidean", how=ALL, sample=30, seed=4).value == 1


def test_equal_crops_are_equally_good_answers() -> None:
    gallery = np.repeat(np.eye(4, dtype=np.float32), 50, axis=0)
    index = built(gallery, "euclidean", "IVF2,SQ8")
    assert (
        measure_recall(index, gallery, 5, metric="euclidean", how=Probing(2, 20), sample=9, seed=0).value == 1
    )


def test_one_crop_and_few_crops() -> None:
    for n in (1, 3):
        gallery = np.eye(n, 4, dtype=np.float32)
        index = built(gallery, "cosine", approximate.usual_factory(n))
        [found] = near(index, gallery[:1], gallery, n, metric="cosine", how=Probing(128, 1000))
        assert found.rows.tolist() == list(range(n))
        assert measure_recall(index, gallery, 10, metric="cosine", how=ALL, sample=9, seed=0).value == 1


def test_the_same_bytes_again(gallery: np.ndarray, tmp_path: Path) -> None:
    faiss = pytest.importorskip("faiss")
    for name in ("a", "b"):
        faiss.write_index(built(gallery, "cosine"), str(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_unknown_factories_and_odd_rows_are_named(gallery: np.ndarray) -> None:
    with pytest.raises(InputError, match="no index 'IVX3' for 16 values"):
        built(gallery, "cosine", "IVX3")
    with pytest.raises(InputError, match="cannot be trained"):
        built(gallery, "cosine", "IVF5000,SQ8")
    odd = gallery.astype(np.float32)
    odd[[5, 899]] = np.nan
    with pytest.raises(InputError, match="gallery rows cannot be ranked") as caught:
        built(odd, "cosine")
    assert [str(p).split(":")[0] for p in caught.value.problems] == ["gallery row 5", "gallery row 899"]


def test_without_faiss_the_install_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "faiss":
            raise ImportError("No module named 'faiss'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingError, match="needs faiss") as caught:
        approximate.faiss_module()
    assert "pip install 'agreid[index]'" in caught.value.hint
