"""Proposals as data of the page, and proposals that do not fit the crops."""

from __future__ import annotations

import base64
from pathlib import Path

import pyarrow.compute as pc

from agreid_cli.config.review import ReviewConfig
from agreid_cli.records.crops import CROPS
from agreid_cli.records.proposals import DOUBTS, PROPOSALS, VECTORS
from agreid_cli.stages.annotate.proposed import proposals_data
from agreid_cli.stages.annotate.review import review, rows_by_track
from tests.support.heard import Heard
from tests.support.proposed import CURVES, write_proposed


def test_every_pair_and_doubt_is_told_by_its_tracks(tmp_path: Path) -> None:
    workspace = write_proposed(tmp_path, 4, near=2)
    rows = rows_by_track(CROPS.read(workspace.crops))
    tracks = list(rows)
    data = proposals_data(workspace, rows)
    pairs, doubts = data["proposals"], data["doubts"]
    table = PROPOSALS.read(workspace.proposals / "pairs.parquet").to_pylist()
    assert len(table) == len(pairs["a"]) > 4
    for at, row in enumerate(table):
        assert tracks[pairs["a"][at]] == (row["video_a"], row["track_a"])
        assert tracks[pairs["b"][at]] == (row["video_b"], row["track_b"])
        assert (pairs["ca"][at], pairs["cb"][at]) == (0, 0)
    like = data["likeness"]
    vectors = VECTORS.read(workspace.proposals / "vectors.parquet").to_pylist()
    assert [tracks[t] for t in like["t"]] == [(row["video"], row["track"]) for row in vectors]
    assert base64.b64decode(like["v"]) == b"".join(row["vector"] for row in vectors)
    assert [list(curve) for curve in like["curves"].values()] == [list(curve) for curve in CURVES.values()]
    told = {tracks[t]: doubt for t, doubt in zip(doubts["t"], doubts["doubt"], strict=True)}
    wanted = DOUBTS.read(workspace.proposals / "doubts.parquet").to_pylist()
    assert told == {(row["video"], row["track"]): round(1000 * row["doubt"]) for row in wanted}


def test_proposals_without_vectors_are_of_an_earlier_version(tmp_path: Path) -> None:
    workspace = write_proposed(tmp_path, 2)
    (workspace.proposals / "vectors.parquet").unlink()
    data = proposals_data(workspace, rows_by_track(CROPS.read(workspace.crops)))
    assert data["proposals"] is None
    assert "propose-identities again" in data["unproposed"]


def test_the_part_of_a_divided_track_is_found_by_its_first_frame(tmp_path: Path) -> None:
    workspace = write_proposed(tmp_path, 2, crops=4)
    rows = rows_by_track(CROPS.read(workspace.crops))
    path = workspace.proposals / "pairs.parquet"
    table = PROPOSALS.read(path)
    frame = rows["campus-uav", 1][2]["frame"]
    changed = [{**row, "frame_b": frame} if row["track_b"] == 1 else row for row in table.to_pylist()]
    PROPOSALS.write(
        table.from_pylist(changed, schema=PROPOSALS.schema),
        path, {"crops": table.schema.metadata[b"agreid.crops"].decode()},
    )  # fmt: skip
    data = proposals_data(workspace, rows)["proposals"]
    assert [c for b, c in zip(data["b"], data["cb"], strict=True) if list(rows)[b][1] == 1] == [2] * sum(
        row["track_b"] == 1 for row in changed
    )


def test_proposals_for_other_crops_are_named_and_not_shown(tmp_path: Path) -> None:
    workspace = write_proposed(tmp_path, 3)
    assert review(workspace, ReviewConfig()).n_proposals > 0
    crops = CROPS.read(workspace.crops)
    CROPS.write(crops.filter(pc.not_equal(crops["track_id"], 2)), workspace.crops)
    heard = Heard()
    assert review(workspace, ReviewConfig(), progress=heard).n_proposals == 0
    (text,) = [text for text in heard.warnings if "proposals" in text or "pairs.parquet" in text]
    assert "made for other crops" in text
    assert "run agreid propose-identities again" in text
