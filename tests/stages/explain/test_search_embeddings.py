"""`agreid search --embeddings`: answers, the index file and its rebuilding, and what cannot be searched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.explain_pages import IndexConfig, SearchConfig
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.search_embeddings import Matches, search_embeddings
from agreid_cli.stages.run.embed import embed
from tests.support.heard import Heard
from tests.support.streams import copy_of_stream

TOP = SearchConfig(top=6)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_of_stream(tmp_path_factory.mktemp("stream"))


@pytest.fixture
def many(tmp_path: Path) -> tuple[Workspace, Path]:
    """500 rows in half precision, and a table with their names and cameras but no pid."""
    rows = np.random.default_rng(1).standard_normal((500, 12)).astype(np.float16)
    np.save(tmp_path / "many.npy", rows)
    lines = "".join(f"c{row},{row % 3}\n" for row in range(500))
    (tmp_path / "many.csv").write_text("crop_id,camid\n" + lines)
    return Workspace(tmp_path / "w"), tmp_path / "many.npy"


def by_hand(rows: np.ndarray, row: int, k: int) -> list[str]:
    wide = rows.astype(np.float64)
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    order = np.argsort(1 - unit @ unit[row], kind="stable")
    return [f"c{r}" for r in order if r != row][:k]


def names(found: Matches) -> list[str]:
    return [answer.crop for answer in found.answers]


def test_the_nearest_of_a_crop_are_those_of_the_distance(many: tuple[Workspace, Path]) -> None:
    workspace, file = many
    found = search_embeddings(workspace, [file], config=TOP, crop="c41")
    assert names(found) == by_hand(np.load(file), 41, 6)
    assert (found.searched, found.metric, found.recall) == (500, "cosine", None)
    assert [a.distance for a in found.answers] == sorted(a.distance for a in found.answers)
    first = found.answers[0]
    assert (first.rank, first.pid, first.camid) == (1, None, int(first.crop[1:]) % 3)
    assert not workspace.root.exists(), "an exact search writes nothing"


def test_two_files_are_one_gallery(many: tuple[Workspace, Path], tmp_path: Path) -> None:
    workspace, file = many
    rows, lines = np.load(file), (tmp_path / "many.csv").read_text().splitlines()
    for name, part in (("a", slice(0, 200)), ("b", slice(200, 500))):
        np.save(tmp_path / f"{name}.npy", rows[part])
        (tmp_path / f"{name}.csv").write_text("\n".join([lines[0], *lines[1:][part]]) + "\n")
    files = [tmp_path / "a.npy", tmp_path / "b.npy"]
    found = search_embeddings(workspace, files, config=TOP, crop="c341")
    assert found == search_embeddings(workspace, [file], config=TOP, crop="c341")


def test_an_index_is_built_once_and_again_when_the_file_changes(many: tuple[Workspace, Path]) -> None:
    pytest.importorskip("faiss")
    workspace, file = many
    exact = search_embeddings(workspace, [file], config=TOP, crop="c41")

    def with_index(config: SearchConfig = TOP) -> tuple[Matches, list[str], int]:
        heard = Heard()
        found = search_embeddings(workspace, [file], config=config, crop="c41", index=True, progress=heard)
        [place] = workspace.indices.glob("*.faiss")
        return found, heard.notes, place.stat().st_mtime_ns

    first, notes, made = with_index()
    assert first.answers == exact.answers
    assert first.recall is not None
    assert first.recall.value == 1.0, "all lists are read"
    assert any("measuring the recall" in note for note in notes)
    again, notes, same = with_index()
    assert (again, notes, same) == (first, [], made)
    few = TOP.model_copy(update={"index": IndexConfig(probes=1, candidates=6)})
    told, notes, same = with_index(few)
    assert same == made, "how it is asked does not rebuild it"
    assert told.recall is not None
    assert told.recall.value < 1
    rows = np.load(file)
    rows[[41, 42]] = rows[[42, 41]]
    np.save(file, rows)
    changed, notes, later = with_index()
    assert later != made
    assert any("built again; changed since: files" in note for note in notes)
    assert names(changed) == by_hand(rows, 41, 6)
    [record] = workspace.indices.glob("*.json")
    record.write_text("{")
    assert with_index()[0] == changed, "a damaged record is no record"


def test_a_picture_is_embedded_by_the_run_that_made_the_file(done: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "mine.parquet"
    embed(done, run="campus", crops=done.root / "images", out=out, device="cpu")
    picture = sorted((done.root / "images").glob("*.jpg"))[3]
    found = search_embeddings(done, [out], config=TOP, image=picture, device="cpu")
    table = pq.read_table(out)
    assert found.answers[0].crop == picture.name
    assert found.answers[0].distance < 1e-5
    row = table["crop_id"].to_pylist().index(picture.name)
    vectors = np.array(table["embedding"].to_pylist())
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert [a.distance for a in found.answers] == pytest.approx(np.sort(1 - unit @ unit[row])[:6], abs=1e-5)
    with pytest.raises(InputError, match="are not of the weights of the run 'explain-campus'"):
        search_embeddings(done, [out], config=TOP, image=picture, run="explain-campus", device="cpu")


def test_the_embeddings_of_a_run_find_their_run(done: Workspace) -> None:
    embed(done, run="campus", device="cpu")
    picture = sorted((done.root / "images").glob("*.jpg"))[0]
    heard = Heard()
    file = done.runs / "campus" / "embeddings.parquet"
    found = search_embeddings(done, [file], config=TOP, image=picture, device="cpu", progress=heard)
    assert found.searched == 32
    assert heard.notes == []


def test_what_cannot_be_searched_is_named(many: tuple[Workspace, Path], tmp_path: Path) -> None:
    workspace, file = many
    with pytest.raises(MissingError, match="called c999") as caught:
        search_embeddings(workspace, [file], config=TOP, crop="c999")
    assert "c0" in caught.value.hint
    with pytest.raises(UsageError, match="either --image or --crop"):
        search_embeddings(workspace, [file], config=TOP)
    with pytest.raises(InputError, match=r"candidates is 3, less than the 6 answers"):
        few = TOP.model_copy(update={"index": IndexConfig(candidates=3)})
        search_embeddings(workspace, [file], config=few, crop="c1", index=True)
    np.savez(tmp_path / "d.npz", distmat=np.ones((2, 3)), q_pids=[1, 2], g_pids=[1, 2, 3])
    with pytest.raises(InputError, match="cannot be searched") as caught:
        search_embeddings(workspace, [tmp_path / "d.npz"], config=TOP, crop="c1")
    assert "distances, not embeddings" in str(caught.value)


def test_on_the_command_line(many: tuple[Workspace, Path]) -> None:
    pytest.importorskip("faiss")
    workspace, file = many
    words = [
        "search",
        "-w",
        str(workspace.root),
        "--embeddings",
        str(file),
        "--crop",
        "c41",
        "--set",
        "top=6",
    ]
    shown = CliRunner().invoke(app, [*words, "--index"])
    assert shown.exit_code == 0, shown.output
    assert "500 crops searched" in shown.stdout
    assert "recall@6 100.0 %" in shown.stdout
    told: dict[str, Any] = json.loads(CliRunner().invoke(app, [*words, "--index", "--json"]).stdout)
    assert [answer["crop"] for answer in told["answers"]] == by_hand(np.load(file), 41, 6)
    assert told["recall"] == {
        "k": 6, "value": 1.0, "queries": 100, "seed": 0, "probes": 128, "candidates": 1000,
    }  # fmt: skip
    assert json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)["recall"] is None
    for more in (["--attributes", "bag=backpack"], ["--crops", os.curdir], ["--run", "x"]):
        assert CliRunner().invoke(app, [*words, *more]).exit_code == 2, more
    assert CliRunner().invoke(app, ["search", "--crop", "c1"]).exit_code == 2
