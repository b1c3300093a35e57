"""The report page: its content, and its messages if something is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.report import ReportConfig
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.records.results import PerQuery, RankingResult, read_result
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.report import parts as parts
from agreid_cli.stages.report import report as stage
from agreid_cli.stages.report.lists import pick
from agreid_cli.stages.report.report import report
from agreid_cli.stages.run.evaluate import evaluate
from tests.support.embedded import drawn, vectors, write_embeddings
from tests.support.reported import add_explanation, add_run, add_search, workspace_of

SMALL = ReportConfig(queries=4, top=5, rounds=50, crop_px=32)


@pytest.fixture(scope="module", autouse=True)
def _drawn_once() -> Iterator[None]:
    """A figure of the same numbers is drawn once for all tests here."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((stage, "cmc_chart"), (stage, "score_chart"), (parts, "curve_chart")):
            patch.setattr(module, name, lru_cache(getattr(module, name)))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two runs over the same crops; tests that change something copy it."""
    workspace = workspace_of(tmp_path_factory.mktemp("made") / "campus")
    add_run(workspace, "first", noise=3.0, made=1_000, epochs=0)
    add_run(workspace, "second", noise=1.2, made=2_000)
    return workspace


@pytest.fixture
def copy(made: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(made.root, tmp_path / "campus")
    return Workspace(tmp_path / "campus")


def written(workspace: Workspace, config: ReportConfig = SMALL, **how: Any) -> str:
    return report(workspace, config=config, **how).path.read_text(encoding="utf-8")


class Page(HTMLParser):
    """The words of a page, and the attributes of its elements by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.found: dict[str, list[dict[str, str]]] = {}
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.setdefault(tag, []).append({k: v or "" for k, v in attrs})
        self.open.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]) and data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)


def test_everything_lies_in_the_page_and_every_id_is_one(made: Workspace) -> None:
    text = written(made)
    page = Page(text)
    outside = [
        value
        for elements in page.found.values()
        for attributes in elements
        for name, value in attributes.items()
        if name in ("src", "href") and not value.startswith(("data:", "#"))
    ]
    assert outside == []
    assert not re.search(r"https?:", text)
    ids = [
        attributes["id"] for elements in page.found.values() for attributes in elements if "id" in attributes
    ]
    assert len(ids) == len(set(ids))
    links = {a["href"][1:] for a in page.found["a"] if a["href"].startswith("#")}
    told = {
        i
        for es in page.found.values()
        for e in es
        for n in ("aria-labelledby", "aria-describedby")
        for i in e.get(n, "").split()
    }
    assert links | told <= set(ids)
    assert all(image["alt"] and int(image["width"]) and int(image["height"]) for image in page.found["img"])
    assert page.found["html"][0]["lang"] == "en"
    assert len(page.found["h1"]) == len(page.found["main"]) == 1
    assert all("scope" in cell for cell in page.found["th"])


def test_scores_stand_with_interval_counts_and_fingerprint(made: Workspace) -> None:
    text = Page(written(made)).text
    for name in ("first", "second"):
        for direction in ("a2g", "g2a"):
            result = read_result(made.runs / name / "eval" / f"{direction}.json")
            assert f"{100 * result.mAP:.2f}" in text
            assert f"{100 * result.rank(1):.2f}" in text
            assert result.fingerprint in text
    assert "95 % confidence intervals, 50 bootstrap resamples over 8 identities" in text
    assert "All systems ranked the same crops" in text
    assert "Difference to first over the same queries" in text
    assert "better in mAP" in text


def test_lists_are_what_a_plain_loop_finds(made: Workspace) -> None:
    """Every frame of the page against distances in double precision."""
    text = written(made, SMALL)
    table = drawn(0, noise=1.2, n_pids=8, crops_per_pid=2)
    unit = vectors(table).astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    crops, pids = table["crop_id"].to_pylist(), table["pid"].to_pylist()
    aerial = np.array(table["platform"].to_pylist()) == "uav"
    section = text[text.index('id="queries-a2g"') : text.index('id="dir-g2a"')]
    articles = section.split('<article class="query"')[1:]
    assert len(articles) == 4
    for article in articles:
        main = article.split('<details class="others"')[0]
        asked, *shown = re.findall(r'title="([^"]+)"', main)
        at = crops.index(asked)
        gallery = np.flatnonzero(~aerial)
        nearest = gallery[np.argsort(1 - unit[gallery] @ unit[at])][:5]
        assert shown == [crops[g] for g in nearest]
        kinds = re.findall(r'<li class="(match|wrong)">', main)
        assert kinds == ["match" if pids[g] == pids[at] else "wrong" for g in nearest]
        marks = re.findall(r'aria-hidden="true">(✓|✗)<', main)
        assert marks == ["✓" if kind == "match" else "✗" for kind in kinds]
        assert main.count("the same person") == kinds.count("match")
        assert "The same query ranked by first" in article


def result_of(*scores: float | None) -> RankingResult:
    n = len(scores)
    hits = tuple(None if score is None else 1 for score in scores)
    queries = PerQuery(tuple(f"q{i}" for i in range(n)), tuple(range(n)), scores, hits, tuple([1] * n))
    return RankingResult(
        "a2g", "cosine", "", 0.5, 0.5, (0.5,), n, n, 0, 9, 0, "f", False, "split", "x", queries
    )


@pytest.mark.parametrize(
    ("n", "order", "expected"),
    [
        (3, "worst", ["q2", "q4", "q0"]),
        (2, "spread", ["q3", "q2"]),
        (3, "spread", ["q3", "q0", "q2"]),
        (9, "spread", ["q3", "q5", "q0", "q4", "q2"]),
        (1, "spread", ["q3"]),
        (0, "spread", []),
        (0, "worst", []),
    ],
)
def test_queries_are_the_worst_or_spread_over_all(n: int, order: str, expected: list[str]) -> None:
    assert pick(result_of(0.5, None, 0.1, 0.9, 0.4, 0.8), n, order) == expected


def test_worst_first_on_request(made: Workspace) -> None:
    worst = ReportConfig(**{**SMALL.model_dump(), "order": "worst"})
    scores = [float(ap) for ap in re.findall(r'data-ap="([^"]+)"', written(made, worst))][:4]
    result = read_result(made.runs / "second" / "eval" / "a2g.json")
    known = sorted(ap for ap in result.per_query.average_precision if ap is not None)
    assert scores == known[:4]


def test_equal_inputs_give_equal_bytes_and_the_workspace_keeps_its_files(copy: Workspace) -> None:
    before = {path for path in copy.root.rglob("*") if path.is_file()}
    first = written(copy)
    assert {path for path in copy.root.rglob("*") if path.is_file()} == {*before, copy.root / "report.html"}
    assert written(copy, out=copy.root / "again.html") == first


def test_training_configuration_data_and_paper_are_there(made: Workspace) -> None:
    page = Page(written(made))
    text = page.text
    assert "This run has no training log" in text  # of first
    assert "osnet-x0.25" in text
    assert '"argv"' in text
    assert "8 of 8 identities are seen in both views" in text
    for words in (
        "ICME",
        "61.37",
        "BoT(ViT) + Explainable",
        "82.85",
        "1,047",
        "swapped",
        "Tables II and III use different recipes",
    ):
        assert words in text, words
    assert "first, second : not comparable with the published figures. Different data" in text
    assert len(page.found["svg"]) == 2 * 2 + 3


def test_changed_or_missing_embeddings_are_said_and_not_shown(copy: Workspace) -> None:
    write_embeddings(
        drawn(9, noise=1.2, n_pids=8, crops_per_pid=2), copy.runs / "second" / "embeddings.parquet"
    )
    os.utime(copy.runs / "second" / "embeddings.parquet", (2_000, 2_000))
    done = report(copy, config=SMALL)
    assert any("second: no ranked lists; its embeddings have changed" in note for note in done.notes)
    assert done.queries == 8  # first still answers the queries that second chose
    for name in ("first", "second"):
        (copy.runs / name / "embeddings.parquet").unlink()
    done = report(copy, config=SMALL)
    assert done.queries == 0
    assert any("agreid evaluate --save-ranks" in note for note in done.notes)
    assert "no ranked lists, because its embeddings are missing" in done.path.read_text()


def test_saved_ranks_stand_in_for_embeddings_that_are_gone(copy: Workspace) -> None:
    ranks = copy.root / "ranks.parquet"
    evaluate(copy, config=EvaluateConfig(), run="second", directions=["both"], save_ranks=ranks)
    os.utime(copy.runs / "second" / "config.toml", (2_000, 2_000))
    whole = written(copy, runs=["second"])
    (copy.runs / "second" / "embeddings.parquet").unlink()
    assert written(copy, runs=["second"], ranks=ranks) == whole
    done = report(copy, config=SMALL, runs=["first"], ranks=ranks)
    assert done.queries == 8  # another system's lists are not taken; its own embeddings answer
    (copy.runs / "first" / "embeddings.parquet").unlink()
    done = report(copy, config=SMALL, runs=["first"], ranks=ranks)
    assert done.queries == 0


def test_embeddings_of_another_program_without_a_workspace_of_crops(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    file = write_embeddings(drawn(3, noise=0.8), tmp_path / "theirs.parquet")
    evaluate(workspace, config=EvaluateConfig(), files=[file])
    done = report(workspace, config=SMALL)
    text = Page(done.path.read_text()).text
    assert done.systems == ("theirs",)
    assert (done.queries, done.pictures) == (8, 0)
    assert "Without a manifest the locations of the images are unknown" in text
    assert "the model that made these embeddings is unknown" in text
    assert "Rank 1: person" in done.path.read_text()


def test_images_that_are_gone_stand_as_names(copy: Workspace) -> None:
    shutil.rmtree(copy.root / "crops")
    done = report(copy, config=SMALL)
    assert done.pictures == 0
    assert any("are not where the manifest says" in note for note in done.notes)
    assert 'class="no-image" role="img"' in done.path.read_text()


def test_runs_by_name_and_runs_not_measured(copy: Workspace) -> None:
    add_run(copy, "third", noise=1.0, made=3_000, measured=False)
    done = report(copy, config=SMALL)
    assert done.systems == ("first", "second", "third")
    assert "third has no results: agreid evaluate --run third" in done.notes
    assert report(copy, config=SMALL, runs=["third"]).directions == ()
    assert report(copy, config=SMALL, runs=["second", "first"]).systems == ("second", "first")
    two = report(copy, config=ReportConfig(**{**SMALL.model_dump(), "runs": 2}))
    assert two.systems == ("second", "third")
    assert "1 older runs are left out" in two.notes[0]
    with pytest.raises(MissingError, match="did you mean 'third'"):
        report(copy, config=SMALL, runs=["thirt"])


def test_different_crops_are_not_called_comparable(copy: Workspace) -> None:
    path = copy.runs / "first" / "eval" / "a2g.json"
    tree = json.loads(path.read_text())
    path.write_text(json.dumps(tree | {"fingerprint": "f" * 12}))
    text = Page(written(copy)).text
    assert "did not rank the same crops" in text
    section = text[text.index("Aerial → ground camera a2g") : text.index("Ground camera → aerial g2a")]
    assert "Against first" not in section


def test_explanations_stand_beside_chance_and_in_the_form_of_table_three(copy: Workspace) -> None:
    run = Run(copy.runs / "second")
    e = add_explanation(run, "a2g")
    text = Page(written(copy)).text
    assert "re-weighted by predicted attributes" in text
    for name in ("P_e", "P_c", "XmAP_e", "XmAP_c"):
        score = getattr(e.scores, name)
        constant = "–" if score.constant is None else f"{100 * score.constant:.2f}"
        assert f"{100 * score.value:.2f} {constant}" in text
        assert f"{100 * score.chance:.2f}" in text
    assert "Calibrated on 12 held-out training people" in text
    assert "is 10.0 % before and 2.0 % after" in text
    assert "left out of sentences: gender." in text
    assert "grad-cam 40.0 [30.0, 50.0] 40.0 [30.0, 50.0] 5.0 [1.0, 9.0] 5.0 [1.0, 9.0]" in text
    assert "decomposition head 0.10 [0.00, 0.20]" in text
    assert "Faithfulness of one attribute's places to its own part of the distance" in text
    assert "grad-cam-part 40.0 [30.0, 50.0]" in text
    assert "Faithfulness of all places" not in text  # not measured
    explainable = e.row("explainable")
    assert explainable is not None
    line = f"second + Explainable campus {100 * explainable.mAP:.2f} {100 * explainable.rank1:.2f} – –"
    assert text.count(line) == 1  # in Table III, not in Table II
    assert "the strength p was chosen on a held-out fifth of the training identities" in text
    greatest = max(e.groups, key=lambda group: group.share)
    assert f"Mean share of the distance between two people: {greatest.title}" in text
    (run.root / "eval" / "a2g-explain.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        report(copy, config=SMALL)


def test_search_by_description_stands_beside_classifiers_and_chance(copy: Workspace) -> None:
    run = Run(copy.runs / "second")
    add_search(run)
    text = Page(written(copy)).text
    assert "Search by description: second" in text
    assert "all 20 50.0 [10.0, 90.0] 40.0 [10.0, 90.0] 20.0 [10.0, 90.0] 25.0 20.0 10.0" in text
    assert "all, recognised groups only 20 50.0 [10.0, 90.0]" in text
    assert "48 test crops of 8 people; descriptions drawn with seed 3" in text
    assert "Not recognised by the stream: gender." in text
    (run.root / "eval" / "attributes.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        report(copy, config=SMALL)


def test_pictures_of_explained_pairs_are_shown_and_counted(copy: Workspace) -> None:
    folder = copy.runs / "second" / "explain"
    folder.mkdir()
    for name in ("b-1", "a-2", "a-1", "a-10"):
        cv2.imwrite(str(folder / f"{name}.png"), np.zeros((20, 1300, 3), np.uint8))
    (folder / "c-1.png").write_text("no picture")
    text = written(copy, ReportConfig(**{**SMALL.model_dump(), "pairs": 4}))
    assert re.findall(r'width="(\d+)" height="(\d+)" alt="[^"]* pair ([^"]+)"', text) == [
        ("1000", "15", name) for name in ("a-1", "b-1", "a-2")
    ]
    assert "3 of 5 images drawn by agreid explain" in text
    none = written(copy, ReportConfig(**{**SMALL.model_dump(), "pairs": 0}))
    assert "drawn by agreid explain" not in none


def test_nothing_to_report_and_damaged_files_are_errors_and_leave_the_old_page(copy: Workspace) -> None:
    with pytest.raises(MissingError, match="nothing to report") as caught:
        report(Workspace(copy.root / "empty"), config=SMALL)
    assert "agreid train" in caught.value.hint
    old = written(copy)
    for direction in ("a2g", "g2a"):
        (copy.runs / "first" / "eval" / f"{direction}.json").write_text("{}")
    with pytest.raises(InputError) as damaged:
        report(copy, config=SMALL)
    assert len(damaged.value.problems) == 2
    assert (copy.root / "report.html").read_text() == old
    with pytest.raises(UsageError, match="does not end in"):
        report(copy, config=SMALL, out=copy.root / "report.pdf")


def test_words_of_the_data_cannot_become_markup(copy: Workspace) -> None:
    name = "<script>alert(1)</script>"
    (copy.runs / "second" / "config.toml").write_text(f'recipe = "{name}"\n')
    assert name not in written(copy)
