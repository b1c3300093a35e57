"""`agreid explain` and `agreid search`: files, output, and unknown words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from agreid_cli.attributes.official import official_codebook
from agreid_cli.cli.app import app
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.explain_pages import ExplainPagesConfig, SearchConfig
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.nn.contributions import contributions
from agreid_cli.nn.evidence import differing_evidence
from agreid_cli.progress import SILENT
from agreid_cli.records.split import SPLIT, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain import gallery
from agreid_cli.stages.explain import search as search_stage
from agreid_cli.stages.explain.aggregate import aggregate
from agreid_cli.stages.explain.explain import Crops, explain, nearest
from agreid_cli.stages.explain.explainer import Explainer
from agreid_cli.stages.explain.search import best_scores, search, wanted_bits
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.streams import open_stream
from agreid_cli.training.decompose import Stream
from tests.support.heard import Heard
from tests.support.streams import copy_of_stream

PAGES = ExplainPagesConfig(top=2, bars=6, maps=3)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_of_stream(tmp_path_factory.mktemp("stream"))


@pytest.mark.parametrize("show", ["contributions", "evidence"])
def test_attention_is_drawn_or_what_the_places_of_both_crops_contribute(done: Workspace, show: str) -> None:
    opened = open_stream(done, None)
    crops = Crops(done, opened.codebook)
    names = list(crops.path_of)[:3]
    drawn = Explainer.of(done, opened, PAGES.model_copy(update={"show": show}))
    first, *others = (drawn.see(crops.source(name)) for name in names)
    for other in others:
        view = drawn.pair("", first, other)
        bits = [reason.bit for reason in view.reasons[:4]]
        for at in bits:
            images = [opened.stream.encoder.images(seen.pixels) for seen in (first, other)]
            maps = [torch.from_numpy(seen.shown.maps[at][None, None]) for seen in (first, other)]
            if show == "evidence":
                wanted = differing_evidence(
                    opened.stream.model, (images[0], images[1]), (first.side, other.side),
                    torch.tensor([at]), torch.tensor([0]),
                )  # fmt: skip
            else:
                wanted = contributions(opened.stream.model, *images, maps=(maps[0], maps[1]))
            for shown, own in zip((view.first, view.second), wanted, strict=True):
                np.testing.assert_allclose(shown.maps[at], own[0].clamp_min(0), rtol=1e-3, atol=1e-6)
        rest = np.delete(view.first.maps, bits, axis=0)
        assert (rest == 0).all()
        assert (view.first.maps >= 0).all()
    looks = Explainer.of(done, opened, PAGES.model_copy(update={"show": "attention"}))
    for other in others:
        view = looks.pair("", first, other)
        np.testing.assert_array_equal(view.first.maps, first.shown.maps)
        np.testing.assert_array_equal(view.second.maps, other.shown.maps)


def test_a_query_and_its_nearest(done: Workspace) -> None:
    query, gallery = sides_of(SPLIT.read(done.split))["a2g"]
    found = explain(done, config=PAGES, query=query[3])
    folder = done.runs / "explain-campus" / "explain"
    assert found.page == folder / f"{query[3]}.html"
    assert [path.name for path in found.pictures] == [f"{query[3]}-1.png", f"{query[3]}-2.png"]
    assert all(cv2.imread(str(path)).shape[1] > 500 for path in found.pictures)
    vectors = {r["crop_id"]: np.array(r["embedding"]) for r in
               pq.read_table(done.runs / "campus" / "embeddings.parquet").to_pylist()}  # fmt: skip
    order = sorted(gallery, key=lambda crop: 1 - cosine(vectors[crop], vectors[query[3]]))
    for pair, crop in zip(found.pairs, order, strict=False):
        assert (pair["first"], pair["second"]) == (query[3], crop)
        assert pair["distance"] == pytest.approx(np.linalg.norm(vectors[crop] - vectors[query[3]]), rel=1e-3)
        assert [a["rank"] for a in pair["attributes"]] == list(range(1, 7))
        shares = [a["share"] for a in pair["attributes"]]
        assert shares == sorted(shares, reverse=True)
        assert "of the distance" in pair["sentence"]
    page = found.page.read_text()
    assert page.count("data:image/jpeg") == 2 * 10  # two crops and four maps of each, a pair
    words = re.sub(r"data:image/jpeg;base64,[^\"]+", "", page)  # in which any letters may occur
    assert "http" not in words.replace("http-equiv", "").replace("http://www.w3.org/", "")
    for pair in found.pairs:
        assert pair["sentence"] in page.replace("&#39;", "'")


def test_the_nearest_are_those_that_evaluate_ranks_first(tmp_path: Path) -> None:
    workspace = copy_of_stream(tmp_path)
    split = SPLIT.read(workspace.split).to_pylist()
    tested = sorted({row["crop_id"] for row in split if row["role"] in ("query", "gallery")})
    rows = [  # crops of both cameras on both sides, so that some of the gallery is junk
        {"crop_id": crop, "role": ("query", "gallery")[at % 2], "direction": "all"}
        for at, crop in enumerate(tested)
    ]
    train = [row for row in split if row["role"] == "train"]
    SPLIT.write(pa.Table.from_pylist(train + rows, SPLIT.schema), workspace.split)
    for how in ({}, {"metric": "euclidean"}, {"rerank": "6,3,0.3"}):
        ranking, table = EvaluateConfig.model_validate({**how, "top_k": 20}), tmp_path / "r.parquet"
        evaluate(workspace, config=ranking, run="explain-campus", directions=["all"], save_ranks=table)
        opened = open_stream(workspace, "explain-campus", device="cpu", batch=8)
        ranks = pq.read_table(table).to_pylist()
        for query in [row["query"] for row in ranks if row["rank"] == 1][:4]:
            wanted = [(row["gallery"], row["match"]) for row in ranks if row["query"] == query]
            assert 0 < len(wanted) < len(rows) // 2, "junk is left out"
            found = nearest(workspace, opened.run, "all", query, ranking, device="cpu", progress=SILENT)
            assert found == (query, wanted)


def test_stale_embeddings_are_made_again_first(tmp_path: Path) -> None:
    workspace = copy_of_stream(tmp_path)
    split = SPLIT.read(workspace.split)
    last = sides_of(split)["a2g"][1][-1]
    SPLIT.write(split.filter(pc.not_equal(split["crop_id"], last)), workspace.split)
    heard = Heard()
    explain(workspace, config=PAGES.model_copy(update={"top": 1}), out=tmp_path / "out", progress=heard)
    assert any("changed since: split" in note for note in heard.notes)
    run = workspace.runs / "explain-campus"
    assert last not in pq.read_table(run / "embeddings.parquet")["crop_id"].to_pylist()
    (run / "embeddings.parquet").unlink()
    explain(workspace, config=PAGES.model_copy(update={"top": 1}), out=tmp_path / "out")
    assert (run / "embeddings.parquet").is_file()


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_two_of_ones_own_and_the_same_bytes_again(done: Workspace, tmp_path: Path) -> None:
    files = sorted((done.root / "images").glob("*.jpg"))[:2]
    made = [
        explain(done, config=PAGES, pair=[str(f) for f in files], out=tmp_path / name) for name in ("a", "b")
    ]
    assert made[0].pairs[0]["match"] is None
    assert made[0].page.read_bytes() == made[1].page.read_bytes()
    assert len(made[0].pictures) == 1
    twice = explain(done, config=PAGES, pair=[str(files[0])] * 2, out=tmp_path)
    assert twice.pairs[0]["distance"] < 1e-3


def test_the_first_query_where_none_is_named_on_screen(done: Workspace, tmp_path: Path) -> None:
    words = ["explain", "-w", str(done.root), "-d", "g2a", "--set", "top=1", "--out", str(tmp_path)]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    first = sides_of(SPLIT.read(done.split))["g2a"][0][0]
    assert shown.stdout.startswith(f"{first} – ")
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert Path(told["page"]).is_file()
    assert told["pairs"][0]["first"] == first


def test_aggregate_shows_both_directions_and_mean_maps(done: Workspace, tmp_path: Path) -> None:
    found = aggregate(done, config=PAGES, out=tmp_path)
    assert found.directions == ("a2g", "g2a")
    assert len(found.groups) == 15
    for direction in found.directions:
        assert sum(row[direction] for row in found.groups) == pytest.approx(1, abs=1e-3)
    page = found.page.read_text()
    assert "Upper Body Clothing (uniform: 14.8 %)" in page
    assert page.count("<figcaption>") >= 2 * 3
    assert cv2.imread(str(found.picture)) is not None


def test_unknown_crops_and_words(done: Workspace) -> None:
    with pytest.raises(InputError, match="is not a query of a2g") as caught:
        explain(done, config=PAGES, query="campus-cctv-0009-000000")
    assert "--pair" in caught.value.hint
    with pytest.raises(MissingError, match="neither a crop"):
        explain(done, config=PAGES, pair=["campus-cctv-0009-000000", "nobody"])
    several = CliRunner().invoke(app, ["explain", "--aggregate", "--query", "x", "-w", str(done.root)])
    assert several.exit_code == 2


def test_search_by_description_ranks_by_what_was_asked(done: Workspace, tmp_path: Path) -> None:
    asked = "upper=hoodie, bag=backpack"
    found = search(done, config=SearchConfig(top=5), attributes=asked, out=tmp_path)
    assert found.searched == 32
    scores = [answer["score"] for answer in found.answers]
    assert scores == sorted(scores, reverse=True)
    for answer in found.answers:
        chances = [a["chance"] for a in answer["attributes"]]
        assert answer["score"] == pytest.approx(np.prod(chances) ** 0.5, rel=1e-4)
    page = found.page.read_text()
    assert all(answer["crop"] in page for answer in found.answers)
    kept = sorted((done.runs / "explain-campus" / "search").glob("*/*.npy"))
    assert [path.name for path in kept] == ["base.npy", "chances.npy"]
    before = kept[0].stat().st_mtime_ns
    again = search(done, config=SearchConfig(top=5), attributes=asked, out=tmp_path)
    assert again.answers == found.answers
    assert kept[0].stat().st_mtime_ns == before


def test_an_interrupted_search_continues_with_the_ranges_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = copy_of_stream(tmp_path)
    config = SearchConfig(top=2, batch=4)
    search(workspace, config=config, attributes="bag=backpack", out=tmp_path / "out")
    kept = sorted((workspace.runs / "explain-campus" / "search").glob("*/*.npy"))
    whole = [path.read_bytes() for path in kept]
    for path in kept:
        path.unlink()
    monkeypatch.setattr(gallery, "RANGE", 8)
    read, calls = Stream.read, []

    def fails_at_the_third(self: Stream, crops: Any, rows: np.ndarray, **more: Any) -> Any:
        calls.append(rows.tolist())
        if len(calls) == 3:
            raise KeyboardInterrupt
        return read(self, crops, rows, **more)

    monkeypatch.setattr(Stream, "read", fails_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        search(workspace, config=config, attributes="bag=backpack", out=tmp_path / "out")
    search(workspace, config=config, attributes="bag=backpack", out=tmp_path / "out")
    assert [rows[0] for rows in calls] == [0, 8, 16, 16, 24], "finished ranges are not read again"
    assert [path.read_bytes() for path in kept] == whole
    assert not (kept[0].parent / "ranges").exists()


def test_the_best_scores_of_blocks_are_those_of_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    book = official_codebook()
    wanted = wanted_bits("upper=hoodie,bag=backpack", book)
    chances = np.random.default_rng(0).random((50, book.n_bits)).astype(np.float32).round(1)
    score = np.prod([w.chance(chances).astype(np.float64) for w in wanted], axis=0) ** 0.5
    for block in (1, 7, 100):
        monkeypatch.setattr(search_stage, "ROWS_A_STEP", block)
        rows, scores = best_scores(chances, wanted, 9)
        assert scores == pytest.approx(np.sort(score)[::-1][:9], rel=1e-5)
        assert scores == pytest.approx(score[rows], rel=1e-5)
        assert len(set(rows)) == 9


def test_search_by_picture_with_an_index_prints_its_recall(done: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("faiss")
    picture = sorted((done.root / "images").glob("*.jpg"))[5]
    exact = search(done, config=SearchConfig(top=4), image=picture, out=tmp_path / "a")
    found = search(done, config=SearchConfig(top=4), image=picture, out=tmp_path / "b", index=True)
    assert found.answers == exact.answers
    assert exact.recall is None
    assert found.recall is not None
    assert (found.recall.k, found.recall.queries) == (4, 32)
    words = ["search", "-w", str(done.root), "-i", str(picture), "--out", str(tmp_path), "--set", "top=4"]
    shown = CliRunner().invoke(app, [*words, "--index"])
    assert shown.exit_code == 0, shown.output
    assert "recall@4 100.0 % against the exact scan, for 32 random crops" in " ".join(shown.stdout.split())
    refused = CliRunner().invoke(app, ["search", "-w", str(done.root), "-a", "bag=backpack", "--index"])
    assert refused.exit_code == 2


def test_search_by_picture_over_a_folder(done: Workspace, tmp_path: Path) -> None:
    files = sorted((done.root / "images").glob("*.jpg"))
    found = search(done, config=SearchConfig(top=3), image=files[5], crops=done.root / "images", out=tmp_path)
    assert found.searched == len(files) == 64
    assert found.answers[0]["second"] == files[5].name
    assert found.answers[0]["distance"] < 1e-2
    words = [
        "search",
        "-w",
        str(done.root),
        "--image",
        str(files[0]),
        "--out",
        str(tmp_path),
        "--set",
        "top=2",
    ]
    shown = CliRunner().invoke(app, [*words, "--set", "top=1"])
    assert shown.exit_code == 0, shown.output
    assert "differs in" in shown.stdout


def test_search_names_every_word_it_does_not_know(done: Workspace) -> None:
    book = official_codebook()
    with pytest.raises(InputError, match="3 of the attributes") as caught:
        wanted_bits("uper=hoodie,bag=bckpack,feet", book)
    assert "did you mean 'upper'" in str(caught.value)
    assert "did you mean 'Backpack'" in str(caught.value)
    assert [w.bit for w in wanted_bits("bag=backpack,upper=cardigan,age=young", book)] == [
        book.bits.index(name) for name in ("bagbackpack", "uppercardiga", "ageyoung")
    ]
    with pytest.raises(UsageError, match="either"):
        search(done, config=SearchConfig())
