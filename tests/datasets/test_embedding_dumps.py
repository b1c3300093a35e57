"""Dumps of other programs: roles under other names, words as labels, distances, parts, multi-query; what is
given is used or named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.datasets.embedding_files import read_files
from agreid_cli.errors import InputError
from agreid_cli.records.embeddings import Part
from agreid_cli.records.results import RankingResult
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.evaluate import evaluate
from tests.support.embedded import slow_score
from tests.support.heard import Heard

RNG = np.random.default_rng(7)
N, DIM = 12, 8
PEOPLE = RNG.normal(size=(N, DIM))
Q_PID, G_PID = np.arange(N), np.repeat(np.arange(N), 3)
Q_CAM, G_CAM = np.zeros(N, int), np.tile([1, 2, 0], N)
Q = (PEOPLE + RNG.normal(size=(N, DIM))).astype(np.float32)
G = (PEOPLE[G_PID] + RNG.normal(size=(3 * N, DIM))).astype(np.float32)
Q /= np.linalg.norm(Q, axis=1, keepdims=True)
G /= np.linalg.norm(G, axis=1, keepdims=True)
RIGHT = slow_score(Q, G, (Q_PID, G_PID), (Q_CAM, G_CAM))


def scored(tmp_path: Path, *files: Path, heard: Heard | None = None, **how: Any) -> RankingResult:
    (result,) = evaluate(
        Workspace(tmp_path / "ws"), config=EvaluateConfig(**how), files=files, directions=["all"],
        progress=heard or Heard(),
    )  # fmt: skip
    return result


def is_right(result: RankingResult) -> None:
    assert (result.mAP, result.rank(1), result.mINP, result.n_valid) == pytest.approx(RIGHT)


def sides(**q_and_g: tuple[Any, Any]) -> dict[str, Any]:
    arrays: dict[str, Any] = {"query_f": Q, "gallery_f": G}
    for name, (of_query, of_gallery) in q_and_g.items():
        arrays |= {f"query_{name}": of_query, f"gallery_{name}": of_gallery}
    return arrays


LABELS: dict[str, tuple[Any, Any]] = {"pid": (Q_PID, G_PID), "camid": (Q_CAM, G_CAM)}


@pytest.mark.parametrize(
    ("pid", "cam"),
    [
        ("P{:04d}T02140A0", "C{}"),
        ("p{:d}t04041a1", "cam_{}"),
        ("market1501_{}", "market1501_{}"),
        ("person-{}", "Camera {}"),
        ("{}.0", "c{}s3"),
    ],
)
@pytest.mark.parametrize("kind", ["npz", "mat"])
def test_words_as_labels(tmp_path: Path, pid: str, cam: str, kind: str) -> None:
    written = {
        "pid": ([pid.format(p) for p in Q_PID], [pid.format(p) for p in G_PID]),
        "camid": ([cam.format(c) for c in Q_CAM], [cam.format(c) for c in G_CAM]),
    }
    path = tmp_path / f"e.{kind}"
    if kind == "npz":
        np.savez(path, **sides(**written))
    else:
        cells = {name: tuple(np.array(side, object) for side in both) for name, both in written.items()}
        scipy.io.savemat(path, sides(**cells))
    is_right(scored(tmp_path, path))


def test_words_that_are_no_labels_are_refused_in_a_line_each(tmp_path: Path) -> None:
    words = [f"who{p % 2}_{p}" for p in Q_PID]
    np.savez(tmp_path / "e.npz", **sides(pid=(words, G_PID), camid=LABELS["camid"]))
    with pytest.raises(InputError, match=r"query_pid: row 1 is 'who0_0', not an integer"):
        read_files([tmp_path / "e.npz"])
    two = ([f"market_{p}" for p in Q_PID], [f"duke_{p}" for p in G_PID])
    np.savez(tmp_path / "e.npz", **sides(pid=two, camid=LABELS["camid"]))
    with pytest.raises(InputError, match="pid has the names 'duke' and 'market'"):
        read_files([tmp_path / "e.npz"])


TABLES: dict[str, dict[str, Any]] = {
    "is_query": {"is_query": [*[True] * N, *[False] * 3 * N]},
    "is_gallery": {"is_gallery": [*[0] * N, *[1] * 3 * N]},
    "both flags": {
        "is_query": [*["yes"] * N, *["no"] * 3 * N],
        "is_gallery": [*["no"] * N, *["yes"] * 3 * N],
    },
    "query": {"query": [*[True] * N, *[False] * 3 * N]},
    "split": {"split": [*["query"] * N, *["gallery"] * 3 * N]},
    "subset": {"subset": [*["Probe"] * N, *["GALLERY"] * 3 * N]},
    "role beside split": {"split": ["test"] * 4 * N, "role": [*["query"] * N, *["gallery"] * 3 * N]},
    "flags beside split": {"split": ["test"] * 4 * N, "is_query": [*[1] * N, *[0] * 3 * N]},
    "num_query": {},
}


@pytest.mark.parametrize("columns", TABLES)
@pytest.mark.parametrize("kind", ["parquet", "npz", "npy"])
def test_query_and_gallery_under_other_names(tmp_path: Path, columns: str, kind: str) -> None:
    told = TABLES[columns]
    rows = {
        "pid": [*Q_PID.tolist(), *G_PID.tolist()], "camid": [*Q_CAM.tolist(), *G_CAM.tolist()], **told
    }  # fmt: skip
    path = tmp_path / f"e.{kind}"
    everything = np.vstack([Q, G])
    if columns == "num_query" and kind != "npz":
        pytest.skip("a number for all rows is no column")
    if kind == "npz":
        np.savez(path, features=everything, **{k: np.array(v) for k, v in rows.items()},
                 **({"num_query": N} if columns == "num_query" else {}))  # fmt: skip
    elif kind == "parquet":
        pq.write_table(pa.table({**rows, "embedding": everything.tolist()}), path)
    else:
        np.save(path, everything)
        lines = [";".join(rows), *(";".join(map(str, row)) for row in zip(*rows.values(), strict=True))]
        path.with_suffix(".csv").write_text("sep=;\n" + "\n".join(lines) + "\n")
    heard = Heard()
    result = scored(tmp_path, path, heard=heard)
    is_right(result)
    assert result.roles == "file"
    assert not any("neither a split nor" in note for note in heard.notes)


def test_rows_on_both_sides_and_on_none(tmp_path: Path) -> None:
    """As open-metric-learning's tables: everybody asks and is searched; training rows are neither."""
    rows = {
        "pid": [*G_PID.tolist(), 500], "camid": [*G_CAM.tolist(), 0],
        "is_query": [True] * 3 * N + [False], "is_gallery": [True] * 3 * N + [False],
        "split": ["validation"] * 3 * N + ["train"],
    }  # fmt: skip
    pq.write_table(
        pa.table({**rows, "embedding": [*G.tolist(), [0.5] * DIM]}), tmp_path / "e.parquet"
    )  # fmt: skip
    heard = Heard()
    result = scored(tmp_path, tmp_path / "e.parquet", heard=heard)
    wanted = slow_score(G, G, (G_PID, G_PID), (G_CAM, G_CAM))
    assert (result.mAP, result.rank(1), result.mINP, result.n_valid) == pytest.approx(wanted)
    said = "\n".join(heard.notes)
    assert "1 rows are neither query nor gallery by column is_gallery, is_query" in said


def test_training_rows_of_a_split_column_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = {
        "pid": [*Q_PID.tolist(), *G_PID.tolist(), 1, 2], "camid": [*Q_CAM.tolist(), *G_CAM.tolist(), 3, 3],
        "split": [*["query"] * N, *["gallery"] * 3 * N, "train", "val"],
    }  # fmt: skip
    vectors = [*Q.tolist(), *G.tolist(), *[[1.0] * DIM] * 2]
    pq.write_table(pa.table({**rows, "embedding": vectors}), tmp_path / "e.parquet")
    heard = Heard()
    is_right(scored(tmp_path, tmp_path / "e.parquet", heard=heard))
    assert "2 rows are neither query nor gallery by column split (train, val)" in "\n".join(heard.notes)


def test_a_split_column_of_test_and_train_tells_no_roles_and_that_is_said(tmp_path: Path) -> None:
    rows = {
        "pid": [*G_PID.tolist(), 1], "camid": [*G_CAM.tolist(), 4], "split": ["test"] * 3 * N + ["train"],
    }  # fmt: skip
    pq.write_table(pa.table({**rows, "embedding": [*G.tolist(), [1.0] * DIM]}), tmp_path / "e.parquet")
    heard = Heard()
    result = scored(tmp_path, tmp_path / "e.parquet", heard=heard)
    said = "\n".join(heard.notes)
    assert "column split says only test, train, so it does not distinguish queries from gallery" in said
    assert (result.n_query, result.roles) == (3 * N, "platforms"), "the training row is not ranked"


@pytest.mark.parametrize("name", ["distmat", "dist", "distance_matrix", "similarity", "scores"])
def test_distances_are_ranked_as_they_are(tmp_path: Path, name: str) -> None:
    matrix = 1 - Q @ G.T if name.startswith("dist") else Q @ G.T
    labels = {"q_pids": Q_PID, "g_pids": G_PID, "q_camids": Q_CAM, "g_camids": G_CAM}
    np.savez(tmp_path / "e.npz", **{name: matrix}, **labels)
    result = scored(tmp_path, tmp_path / "e.npz")
    is_right(result)
    assert result.metric == "distances"
    with pytest.raises(InputError, match="re-ranking needs embeddings"):
        scored(tmp_path, tmp_path / "e.npz", rerank="5,2,0.3")
    np.savez(tmp_path / "f.npz", **{name: matrix.T}, **labels)
    with pytest.raises(InputError, match=f"q_pids: has {N} rows, but the rows of {name} has {3 * N}"):
        scored(tmp_path, tmp_path / "f.npz")


def test_the_nearest_by_distances_are_those_by_vectors(tmp_path: Path) -> None:
    labels = {"q_pids": Q_PID, "g_pids": G_PID, "q_camids": Q_CAM, "g_camids": G_CAM}
    np.savez(tmp_path / "d.npz", distmat=1 - Q @ G.T, **labels)
    np.savez(tmp_path / "v.npz", **sides(**LABELS))
    tables = []
    for file in ("d", "v"):
        evaluate(
            Workspace(tmp_path / "ws"), config=EvaluateConfig(), files=[tmp_path / f"{file}.npz"],
            directions=["all"], save_ranks=tmp_path / f"{file}.parquet",
        )  # fmt: skip
        tables.append(
            pq.read_table(tmp_path / f"{file}.parquet").select(["query", "rank", "gallery", "match"])
        )
    assert tables[0].equals(tables[1])


def test_distances_beside_vectors_are_named_as_not_used(tmp_path: Path) -> None:
    np.savez(tmp_path / "e.npz", **sides(**LABELS), distmat=np.zeros((N, 3 * N)))
    heard = Heard()
    is_right(scored(tmp_path, tmp_path / "e.npz", heard=heard))
    assert f"{tmp_path / 'e.npz'}: not used: distmat" in heard.notes
    np.savez(tmp_path / "d.npz", distmat=np.zeros((N, N)), q_pids=Q_PID, g_pids=Q_PID)
    with pytest.raises(InputError, match="distances can only be ranked by themselves"):
        scored(tmp_path, tmp_path / "e.npz", tmp_path / "d.npz")


def test_parts_of_a_crop_are_laid_in_a_row(tmp_path: Path) -> None:
    arrays = sides(**LABELS) | {"query_f": np.stack([Q] * 3, 2), "gallery_f": np.stack([G] * 3, 2)}
    np.savez(tmp_path / "e.npz", **arrays)
    heard = Heard()
    is_right(scored(tmp_path, tmp_path / "e.npz", heard=heard))
    assert f"query_f: {N}×{DIM}×3 is read as {3 * DIM} values per crop" in "\n".join(heard.notes)


def test_multi_query_is_the_mean_of_a_person_in_a_camera(tmp_path: Path) -> None:
    m_pid, m_cam = np.repeat(Q_PID, 2), np.repeat(Q_CAM, 2)
    many = np.concatenate([np.stack([q + 0.3, q - 0.1]) for q in Q]).astype(np.float32)
    np.savez(tmp_path / "m.npz", mquery_f=many, mquery_label=m_pid, mquery_cam=m_cam)
    np.savez(tmp_path / "e.npz", **sides(**LABELS))
    heard = Heard()
    result = scored(tmp_path, tmp_path / "e.npz", tmp_path / "m.npz", heard=heard, metric="euclidean")
    mean = np.stack([many[m_pid == p].mean(axis=0) for p in Q_PID])
    wanted = slow_score(mean, G, (Q_PID, G_PID), (Q_CAM, G_CAM))
    assert (result.mAP, result.rank(1), result.mINP, result.n_valid) == pytest.approx(wanted)
    assert f"multi-query: {N} queries are the mean of the {2 * N} crops" in "\n".join(heard.notes)
    np.savez(tmp_path / "m.npz", mquery_f=many[2:], mquery_label=[99, 99, *m_pid[4:]], mquery_cam=m_cam[2:])
    heard = Heard()
    scored(tmp_path, tmp_path / "e.npz", tmp_path / "m.npz", heard=heard, metric="euclidean")
    said = "\n".join(heard.notes)
    assert f"{N - 2} queries are the mean of the {2 * N - 4} crops" in said
    assert "2 queries have no such crops and stay as they are; 2 crops match the pid and camera of no" in said
    arrays = sides(**LABELS)
    alone = {name: value for name, value in arrays.items() if name.startswith("gallery")}
    np.savez(tmp_path / "e.npz", mquery_f=many, mquery_pid=m_pid, mquery_cam=m_cam, **alone)
    assert scored(tmp_path, tmp_path / "e.npz", metric="euclidean").mAP == pytest.approx(wanted[0])


def test_of_two_names_for_one_column_the_surer_is_taken_and_the_other_named(tmp_path: Path) -> None:
    arrays = sides(**LABELS) | {"query_label": G_PID[:N], "epoch": 3}
    np.savez(tmp_path / "e.npz", **arrays)
    heard = Heard()
    is_right(scored(tmp_path, tmp_path / "e.npz", heard=heard))
    said = f"{tmp_path / 'e.npz'}: not used: query_label, epoch (query_pid is used instead of query_label)"
    assert said in heard.notes


def test_an_embedding_of_zeros_is_told(tmp_path: Path) -> None:
    zero = G.copy()
    zero[5] = 0
    np.savez(tmp_path / "e.npz", **sides(**LABELS) | {"gallery_f": zero.astype(np.float16)})
    heard = Heard()
    scored(tmp_path, tmp_path / "e.npz", heard=heard)
    assert "gallery_f: 1 embeddings are all zero, the first in row 6" in "\n".join(heard.notes)


def test_many_bad_rows_are_counted(tmp_path: Path) -> None:
    n = 20_000
    table = {
        "crop_id": [f"c{i}" for i in range(n)], "pid": [f"x{i}y" for i in range(n)], "camid": [0] * n,
        "platform": [f"plane{i}" for i in range(n)], "embedding": np.ones((n, 2)).tolist(),
    }  # fmt: skip
    pq.write_table(pa.table(table), tmp_path / "e.parquet")
    with pytest.raises(InputError) as caught:
        scored(tmp_path, tmp_path / "e.parquet")
    assert [str(p) for p in caught.value.problems][-1] == "and 19,980 more: not an integer"
    pq.write_table(pa.table({**table, "pid": [1] * n}), tmp_path / "e.parquet")
    with pytest.raises(InputError) as caught:
        scored(tmp_path, tmp_path / "e.parquet")
    assert str(caught.value.problems[-1]) == "and 19,980 more: not a valid platform"


COLUMN = st.sampled_from(
    ["pid", "label", "camid", "cam", "platform", "crop_id", "path", "role", "split", "is_query", "is_gallery",
     "num_query", "epoch", "time", "logits", "__x", "Weight", "distmat"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    names=st.lists(COLUMN, unique=True, max_size=7),
    prefix=st.sampled_from(["", "query_", "q_"]),
    kind=st.sampled_from(["npz", "parquet"]),
    seed=st.integers(0, 99),
)
def test_every_array_is_used_or_named(
    tmp_path_factory: pytest.TempPathFactory, names: Sequence[str], prefix: str, kind: str, seed: int
) -> None:
    """Used + named as not used = everything given: a change of an unnamed array changes what is read."""
    path = tmp_path_factory.mktemp("dump") / f"e.{kind}"
    n, rng = 4, np.random.default_rng(seed)
    values: dict[str, Any] = {
        "pid": [1, 2, 3, 4], "label": [5, 6, 7, 8], "camid": [0, 1, 2, 3], "cam": [4] * n,
        "platform": ["uav"] * n, "crop_id": list("abcd"), "path": list("efgh"),
        "role": ["query", "gallery", "query", "gallery"], "split": ["gallery"] * 2 + ["query"] * 2,
        "is_query": [1, 0, 0, 0], "is_gallery": [0, 1, 1, 0],
        "num_query": [2] * n if kind == "parquet" else 2,  # told by no other array
    }  # fmt: skip
    given_names = [f"{prefix}embedding", *(name if rng.random() < 0.3 else prefix + name for name in names)]
    arrays: dict[str, Any] = {
        name: values.get(name.removeprefix(prefix), [0.5] * n) for name in given_names[1:]
    }
    arrays[given_names[0]] = rng.normal(size=(n, 3)).tolist()

    def read(of: dict[str, Any]) -> list[Part]:
        if kind == "npz":
            np.savez(path, **{name: np.array(value) for name, value in of.items()})
        else:
            pq.write_table(pa.table(of), path)
        return read_files([path])

    parts = read(arrays)
    named = {
        word
        for part in parts
        for note in part.notes
        if "not used: " in note
        for word in note.partition("not used: ")[2].partition(" (")[0].split(", ")
    }
    assert named <= set(arrays)
    for name in set(arrays) - named:
        without = {other: value for other, value in arrays.items() if other != name}
        try:
            changed = _content(read(without)) != _content(parts)
        except InputError:
            changed = True
        assert changed, f"{name} was neither used nor named"


def _content(parts: list[Part]) -> list[Any]:
    return [
        (p.features.tolist(), p.crop_id, None if p.pid is None else p.pid.tolist(),
         None if p.camid is None else p.camid.tolist(), p.platform, p.role)
        for p in parts
    ]  # fmt: skip
