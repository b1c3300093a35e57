"""Three fictitious annotators with known disagreements."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
from typer.testing import CliRunner

from agreid_cli.attributes.official import official_codebook
from agreid_cli.cli.app import app
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.merge_annotations import MergeConfig
from agreid_cli.errors import InputError, UsageError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.merge_annotations import MergeResult, merge_annotations
from agreid_cli.stages.data.build_manifest import build_manifest
from tests.support.annotations import random_codes, write_attributes, write_identities
from tests.support.tables import write_crops

BOOK = official_codebook()
NAMES = ("ann", "ben", "cleo")
PIDS = list(range(1, 21))


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def label(group: str, code: int) -> str:
    return BOOK.groups[BOOK.names.index(group)].labels[code]


def three(root: Path) -> tuple[list[Path], dict[str, dict[int, list[object]]]]:
    """All agree, but: ben on person 1's gender, all three on 2's upper, cleo is silent on 3's bag.

    cleo has no row for 4, ann and ben are silent on 5's feet; ben and cleo differ on 6's age, ann is silent.
    """
    codes = {name: random_codes(7, PIDS) for name in NAMES}
    for name, pid, group, code in (
        ("ann", 1, "gender", 0), ("ben", 1, "gender", 1), ("cleo", 1, "gender", 0),
        ("ann", 2, "upper", 0), ("ben", 2, "upper", 4), ("cleo", 2, "upper", 11),
        ("cleo", 3, "bag", ""), ("ann", 5, "feet", ""), ("ben", 5, "feet", ""), ("cleo", 5, "feet", 2),
        ("ann", 6, "age", ""), ("ben", 6, "age", 2), ("cleo", 6, "age", 3),
    ):  # fmt: skip
        codes[name][pid][BOOK.names.index(group)] = code
    del codes["cleo"][4]
    files = []
    for name in NAMES:
        files.append(root / f"{name}.csv")
        write_attributes(files[-1], codes[name])
    return files, codes


def merge(root: Path, files: list[Path], **how: object) -> MergeResult:
    config = MergeConfig(min_votes=int(str(how.pop("min_votes", 2))))
    return merge_annotations(Workspace(root), files, config, **how)  # type: ignore[arg-type]


def test_the_list_of_disagreements_is_complete_and_no_tie_is_decided(tmp_path: Path) -> None:
    files, codes = three(tmp_path)
    result = merge(tmp_path, files)
    assert (result.kind, result.annotators, result.n_rows) == ("attributes", NAMES, 20)
    found = [tuple(row.values()) for row in rows_of(result.disagreements)]
    # Those to settle first. Bands 18-24 and 25-34 set the same bit; they differ all the same.
    assert found == [
        ("2", "upper", "", "no majority", "T-shirt", "Bikini", "Cardigan"),
        ("5", "feet", "", "too few votes", "", "", label("feet", 2)),
        ("6", "age", "", "no majority", "", "18-24", "25-34"),
        ("1", "gender", "male", "outvoted", "male", "female", "male"),
    ]
    assert (result.n_disagreements, result.n_to_settle) == (4, 3)
    assert result.counts == {"unanimous": 296, "outvoted": 1, "no majority": 2, "too few votes": 1}
    merged = {int(row["pid"]): row for row in rows_of(result.path)}
    for pid in PIDS:
        for group, code in zip(BOOK.names, codes["ann"][pid], strict=True):
            blank = (pid, group) in {(2, "upper"), (5, "feet"), (6, "age")}
            assert merged[pid][group] == ("" if blank else label(group, int(str(code))))


def test_kappa_is_the_librarys(tmp_path: Path) -> None:
    files, codes = three(tmp_path)
    result = merge(tmp_path, files)
    for place, group in enumerate(BOOK.names):
        votes = [[codes[name][pid][place] for name in NAMES if pid in codes[name]] for pid in PIDS]
        whole = np.array([row for row in votes if len(row) == 3 and "" not in row], dtype=int)
        kappa = fleiss_kappa(aggregate_raters(whole)[0], method="fleiss")
        assert result.agreement[group].n == len(whole)
        assert result.agreement[group].kappa == pytest.approx(kappa)
    assert result.agreement["upper"].unanimous == pytest.approx(18 / 19)
    assert result.agreement["bag"].n == 18


def test_one_vote_may_be_let_to_decide(tmp_path: Path) -> None:
    files, _ = three(tmp_path)
    result = merge(tmp_path, files, min_votes=1)
    assert {row["pid"]: row["feet"] for row in rows_of(result.path)}["5"] == label("feet", 2)
    assert result.n_to_settle == 2


def test_the_merged_file_is_taken_by_build_manifest(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1, n_pids=6)
    write_identities(workspace.identities, {("campus-uav", n): n for n in range(1, 7)})
    files, _ = three(tmp_path)
    merge(tmp_path, files)
    assert build_manifest(workspace, ManifestConfig()).n_with_attributes == 6


def identities(root: Path, name: str, *rows: str) -> Path:
    path = root / f"{name}.csv"
    path.write_text("\n".join(["video_id,track_id,frame_from,frame_to,pid", *rows]) + "\n")
    return path


def test_identities_are_compared_whatever_their_numbers(tmp_path: Path) -> None:
    write_crops(tmp_path, 1, n_pids=5)
    # Tracks 1 and 2 are two people; 3 is junk for two of three; 4 is split by two; 5 is open.
    files = [
        identities(tmp_path, "ann", "campus-uav,1,,,1", "campus-cctv,1,,,1", "campus-uav,2,,,2",
                   "campus-cctv,2,,,2", "campus-uav,3,,,-1", "campus-uav,4,,30,1", "campus-uav,4,60,,2",
                   "campus-uav,5,,,3"),
        identities(tmp_path, "ben", "campus-uav,1,,,20", "campus-cctv,1,,,20", "campus-uav,2,,,10",
                   "campus-cctv,2,,,10", "campus-uav,3,,,-1", "campus-uav,4,0,30,20",
                   "campus-uav,4,60,90,10", "campus-uav,5,,,"),
        identities(tmp_path, "cleo", "campus-uav,1,,,2", "campus-cctv,1,,,2", "campus-uav,2,,,1",
                   "campus-cctv,2,,,2", "campus-uav,3,,,9", "campus-uav,4,,,2"),
    ]  # fmt: skip
    result = merge(tmp_path, files)
    assert result.kind == "identities"
    found = [tuple(row.values()) for row in rows_of(result.disagreements)]
    assert found == [
        ("campus-uav", "5", "0", "60", "", "too few votes", "3", "", ""),
        ("campus-cctv", "2", "0", "60", "2", "outvoted", "2", "10 (= 2)", "2 (= 1)"),
        ("campus-uav", "3", "0", "60", "-1", "outvoted", "-1", "-1", "9 (= 4)"),
        ("campus-uav", "4", "60", "60", "2", "outvoted", "2", "10 (= 2)", "2 (= 1)"),
    ]
    merged = [tuple(row.values()) for row in rows_of(result.path)]
    assert merged == [
        *(("campus-cctv", str(n), "", "", str(pid)) for n, pid in ((1, 1), (2, 2))),
        *(("campus-cctv", str(n), "", "", "") for n in (3, 4, 5)),
        *(("campus-uav", str(n), "", "", str(pid)) for n, pid in ((1, 1), (2, 2), (3, -1))),
        ("campus-uav", "4", "0", "30", "1"),
        ("campus-uav", "4", "60", "60", "2"),
        ("campus-uav", "5", "", "", ""),
    ]
    assert result.agreement["identity"].kappa is None
    persons = result.agreement["person or not"]
    assert (persons.n, persons.unanimous) == (7, pytest.approx(6 / 7))
    built = build_manifest(Workspace(tmp_path), ManifestConfig())
    assert (built.n_identities, built.n_junk_crops) == (2, 3)


def test_nothing_of_the_annotators_is_overwritten(tmp_path: Path) -> None:
    files, _ = three(tmp_path)
    with pytest.raises(InputError, match="one of the files to compare"):
        merge(tmp_path, files, out=files[1], overwrite=True)
    merge(tmp_path, files)
    with pytest.raises(InputError, match="exists"):
        merge(tmp_path, files)
    merge(tmp_path, files, overwrite=True)


def test_wrong_files_are_told_at_once(tmp_path: Path) -> None:
    files, _ = three(tmp_path)
    for file in files[:2]:
        with open(file, "a") as handle:
            handle.write("99,mael" + ",0" * 14 + "\n")
    with pytest.raises(InputError, match="2 problems in the annotations") as caught:
        merge(tmp_path, files)
    assert "ann.csv, line 22, column gender" in str(caught.value)
    assert not (tmp_path / "attributes.csv").exists()
    with pytest.raises(UsageError):
        merge(tmp_path, files[:1])
    with pytest.raises(InputError, match="given twice"):
        merge(tmp_path, [files[2], files[2]])
    with pytest.raises(InputError, match="not of one kind"):
        merge(tmp_path, [files[2], identities(tmp_path, "who", "a,1,,,1")])


def test_the_command(tmp_path: Path) -> None:
    files, _ = three(tmp_path)
    words = ["merge-annotations", *map(str, files), "-w", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(line.startswith("upper 19 94.7 0.") for line in lines)
    assert "4 disagreements, 3 to resolve" in done.stdout
    assert "cleo has no row for 1 identity: 4" in done.stderr
    answer = json.loads(CliRunner().invoke(app, [*words, "--overwrite", "--json"]).stdout)
    assert answer["n_to_settle"] == 3
    assert answer["agreement"]["gender"]["n"] == 19
