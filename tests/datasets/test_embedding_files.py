"""Files of embeddings as other programs write them, and the files that are refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from agreid_cli.datasets.embedding_files import read_files
from agreid_cli.errors import InputError
from agreid_cli.records.embeddings import Part
from tests.support.embedded import as_npz, drawn, vectors, write_embeddings

QUERY, GALLERY = np.arange(6, dtype=np.float32).reshape(3, 2), np.ones((4, 2), np.float32)
PIDS = {"query": [1, 2, 3], "gallery": [1, 2, 3, -1]}
CAMS = {"query": [0, 0, 0], "gallery": [3, 3, 3, 3]}


def dump(features: str, pid: str, cam: str) -> dict[str, Any]:
    arrays: dict[str, Any] = {features.format("query"): QUERY, features.format("gallery"): GALLERY}
    for role in ("query", "gallery"):
        arrays |= {pid.format(role): np.array(PIDS[role]), cam.format(role): np.array(CAMS[role])}
    return arrays


def short(arrays: dict[str, Any]) -> dict[str, Any]:
    """`query_f` as `qf`, as `deep-person-reid` users save it."""
    return {name.replace("query_", "q").replace("gallery_", "g"): value for name, value in arrays.items()}


def save_pt(path: Path, arrays: dict[str, Any]) -> None:
    torch.save({name: torch.tensor(value) for name, value in arrays.items()}, path)


def save_numpy_in_pt(path: Path, arrays: dict[str, Any]) -> None:
    torch.save({**arrays, "epoch": np.float64(3)}, path)


def save_mat(path: Path, arrays: dict[str, Any]) -> None:
    savemat(path, arrays)  # one-dimensional arrays become rows, as the public baselines have them


def save_npz(path: Path, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


BASELINE = dump("{}_f", "{}_label", "{}_cam")


@pytest.mark.parametrize(
    ("name", "save", "arrays"),
    [
        ("a.npz", save_npz, dump("{}_f", "{}_pid", "{}_camid")),
        ("a.npz", save_npz, short(dump("{}_f", "{}_pids", "{}_camids"))),
        ("a.npz", save_npz, {k.upper(): v for k, v in dump("{}_features", "{}_ids", "{}_cameras").items()}),
        ("a.mat", save_mat, BASELINE),
        ("a.pt", save_pt, BASELINE),
        ("a.pth", save_numpy_in_pt, BASELINE),
        ("a.pt", save_numpy_in_pt, {k: v if v.ndim > 1 else v.tolist() for k, v in BASELINE.items()}),
    ],
)
def test_the_two_sides_are_found_under_the_names_in_use(
    tmp_path: Path, name: str, save: Callable[[Path, dict[str, Any]], None], arrays: dict[str, Any]
) -> None:
    save(tmp_path / name, arrays)
    query, gallery = read_files([tmp_path / name])
    for part, features, role in ((query, QUERY, "query"), (gallery, GALLERY, "gallery")):
        np.testing.assert_array_equal(part.features, features)
        assert (part.pid, part.camid) == (pytest.approx(PIDS[role]), pytest.approx(CAMS[role]))
        assert part.role == [role] * len(features)
        assert part.crop_id is None


def test_one_group_of_all_rows_may_say_how_many_are_queries(tmp_path: Path) -> None:
    rows = {"features": GALLERY, "pids": [1.0, 2.0, 1.0, 2.0], "camids": ["0", "0", "1", "1"]}
    np.savez(tmp_path / "a.npz", **rows, num_query=1)
    [part] = read_files([tmp_path / "a.npz"])
    assert part.role == ["query", "gallery", "gallery", "gallery"]
    np.testing.assert_array_equal([part.pid, part.camid], [[1, 2, 1, 2], [0, 0, 1, 1]])


@pytest.mark.parametrize("kind", ["fixed", "lists", "mine"])
def test_parquet_of_ours_and_of_other_programs(tmp_path: Path, kind: str) -> None:
    table, path = drawn(3), tmp_path / "e.parquet"
    if kind == "mine":
        write_embeddings(table, path)
    else:
        lists = pa.array(table["embedding"].to_pylist(), pa.list_(pa.float64()))
        pq.write_table(table.set_column(4, "feature", lists if kind == "lists" else table["embedding"]), path)
    [part] = read_files([path])
    np.testing.assert_allclose(part.features, vectors(table), rtol=1e-6)
    assert part.crop_id == table["crop_id"].to_pylist()
    assert part.platform == table["platform"].to_pylist()


def test_an_npy_is_mapped_and_takes_its_rows_from_a_csv(tmp_path: Path) -> None:
    np.save(tmp_path / "bot_query.npy", QUERY)
    (tmp_path / "bot_query.csv").write_text("\ufeffpid,camid,path\r\n1,0,a.jpg\r\n2,0,b.jpg\r\n3,0,c.jpg\r\n")
    np.save(tmp_path / "bot_gallery.npy", GALLERY.astype(np.float16))
    (tmp_path / "bot_gallery.csv").write_text("pid,camid,platform\n1,3,cctv\n2,3,\n3,3,cctv\n-1,3,cctv\n")
    query, gallery = read_files([tmp_path / "bot_query.npy", tmp_path / "bot_gallery.npy"])
    assert isinstance(gallery.features, np.memmap)
    assert (query.role, gallery.role) == (["query"] * 3, ["gallery"] * 4), "told by the file names"
    assert query.crop_id == ["a.jpg", "b.jpg", "c.jpg"]
    assert gallery.platform == ["cctv", None, "cctv", "cctv"]
    (tmp_path / "bot_query.csv").rename(tmp_path / "rows.csv")
    [alone] = read_files([tmp_path / "bot_query.npy", tmp_path / "rows.csv"])
    assert alone.role is None


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("exploded"),))


def with_objects(path: Path) -> None:
    np.savez(path, query_f=np.array([Bomb()], object), gallery_f=GALLERY)


def npy_objects(path: Path) -> None:
    np.save(path, np.array([Bomb()], object))
    path.with_suffix(".csv").write_text("pid,camid\n1,1\n")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.pkl", lambda path: path.write_bytes(pickle.dumps(Bomb()))),
        ("a.npz", with_objects),
        ("a.npz", lambda path: path.write_bytes(pickle.dumps(Bomb()))),
        ("a.npy", npy_objects),
        ("a.pt", lambda path: torch.save({"query_f": Bomb()}, path)),
        ("a.pth", lambda path: path.write_bytes(pickle.dumps(Bomb(), protocol=2))),
        ("a.mat", lambda path: path.write_bytes(pickle.dumps(Bomb()))),
    ],
)
def test_a_pickle_is_refused_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, write: Callable[[Path], Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / name)
    with pytest.raises(InputError, match="a pickle can run code"):
        read_files([tmp_path / name])
    assert not Path("exploded").exists()


def bad_csv(text: str) -> Callable[[Path], Any]:
    def write(path: Path) -> None:
        np.save(path, QUERY)
        path.with_suffix(".csv").write_text(text)

    return write


def npz(**arrays: Any) -> Callable[[Path], Any]:
    return lambda path: np.savez(path, **arrays)


def uneven(path: Path) -> None:
    pq.write_table(pa.table({"crop_id": ["a", "b", "c"], "embedding": [[1.0, 2.0], [1.0], None]}), path)


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("a.txt", lambda path: path.write_text("x"), ["embeddings are read from .parquet"]),
        ("a.npz", lambda path: path.write_text("x"), ["cannot be read as an .npz"]),
        ("a.npz", lambda path: path.write_bytes(b""), ["cannot be read as an .npz"]),
        ("a.parquet", lambda path: path.write_text("x"), ["cannot be read as Parquet"]),
        ("a.parquet", uneven, ["row 2: has 1 values, but the first row has 2", "row 3: is empty"]),
        ("a.mat", lambda path: path.write_text("x"), ["cannot be read as a .mat file"]),
        ("a.pt", lambda path: path.write_text("x"), ["cannot be read as a torch file"]),
        ("a.pt", lambda path: torch.save([1, 2], path), ["contains a list, not a dictionary"]),
        ("a.npy", lambda path: np.save(path, QUERY), ["no .csv matches", "columns crop_id"]),
        ("a.npy", bad_csv("pid,camid\n1,0\n"), ["a.csv has 1 rows, but", "a.npy has 3"]),
        ("a.npy", bad_csv("pid,camid\n1,0\n2\n3,0\n"), ["line 3: has 1 values, but the header has 2"]),
        ("a.npy", bad_csv("pid,camid\n1,0\nP2,0\n3,0\n"), ["pid: row 2 is 'P2', not an integer"]),
        ("a.npy", bad_csv("1,0\n2,0\n3,0\n"), ["no header with column names"]),
        ("a.npz", npz(weights=QUERY), ["no embeddings: its arrays are weights", "Expected: query_f"]),
        ("a.npz", npz(query_f=QUERY[0], q_pid=[1, 2]), ["query_f: is 2 of float32, not crops × values"]),
        ("a.npz", npz(query_f=QUERY, q_pid=[1, 2]), ["q_pid: has 2 rows, but query_f has 3"]),
        ("a.npz", npz(query_f=QUERY, q_pid=[1, 2, 0.5]), ["q_pid: row 3 is 0.5, not an integer"]),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_explained(
    tmp_path: Path, name: str, write: Callable[[Path], Any], said: list[str]
) -> None:
    write(tmp_path / name)
    with pytest.raises(InputError) as caught:
        read_files([tmp_path / name])
    for words in said:
        assert words in str(caught.value)


def test_a_column_name_that_is_not_utf_8_is_an_error_in_words(tmp_path: Path) -> None:
    write_embeddings(drawn(1), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(data.replace(b"crop_id", b"cro\x80_id"))
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_files([tmp_path / "a.parquet"])


def test_missing_files_folders_and_lonely_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_files([tmp_path / "nope.npz"])
    with pytest.raises(InputError, match="is a folder"):
        read_files([tmp_path])
    (tmp_path / "a.csv").write_text("pid\n1\n")
    with pytest.raises(InputError, match=r"no \.npy matches"):
        read_files([as_npz(drawn(1), tmp_path / "b.npz"), tmp_path / "a.csv"])


def good_files(folder: Path) -> list[Path]:
    np.save(folder / "f.npy", QUERY)
    (folder / "f.csv").write_text("crop_id,pid,camid\na,1,0\nb,2,0\nc,3,0\n")
    np.savez(folder / "f.npz", **BASELINE)
    save_mat(folder / "f.mat", BASELINE)
    save_pt(folder / "f.pt", BASELINE)
    write_embeddings(drawn(0, n_pids=2), folder / "f.parquet")
    return [folder / f"f.{kind}" for kind in ("npy", "csv", "npz", "mat", "pt", "parquet")]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5), st.floats(0, 1), st.binary(max_size=6), st.booleans())
def test_a_damaged_file_is_an_error_in_words_or_still_readable(
    tmp_path_factory: pytest.TempPathFactory, which: int, place: float, damage: bytes, cut: bool
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = good_files(folder)[which]
    data = path.read_bytes()
    at = int(place * len(data))
    if path.suffix == ".mat":  # scipy's reader itself crashes on some changed bytes
        damage, cut = b"", True
    path.write_bytes(data[:at] + damage + (b"" if cut else data[at + len(damage) :]))
    try:
        parts = read_files([folder / "f.npy" if path.suffix == ".csv" else path])
    except InputError:
        return
    assert all(part.features.ndim == 2 for part in parts)


def test_every_part_of_a_part_has_its_rows(tmp_path: Path) -> None:
    parts: list[Part] = read_files([as_npz(drawn(2), tmp_path / "a.npz")])
    for part in parts:
        columns = (part.crop_id, part.pid, part.camid, part.platform, part.role)
        assert {len(column) for column in columns if column is not None} == {len(part)}
