"""Held-out identities: seen in both views, or by two cameras if the data has one view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agreid_cli.records.manifest import manifest_artefact, read_manifest
from agreid_cli.records.runs import Run
from agreid_cli.records.split import SPLIT
from agreid_cli.records.training_log import read_log
from agreid_cli.stages.run.train import train
from agreid_cli.training.held_out import held_out
from agreid_cli.training.samples import Samples
from tests.support.people_on_disk import write_people
from tests.support.tables import GROUP_SIZES
from tests.training.trained import small


def samples(rows: list[tuple[int, int, int]]) -> Samples:
    """pid, camid, view of each crop."""
    pid, camid, view = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    names = np.array([f"c{i}" for i in range(len(rows))])
    return Samples(
        crop_id=names, path=names, pid=pid, label=pid, camid=camid, view=view, platform=names, attrs=None
    )


def test_with_two_views_only_people_in_both_are_held_out() -> None:
    both = [(pid, cam, cam) for pid in range(6) for cam in (0, 1)]
    one = [(pid, cam, 1) for pid in range(6, 12) for cam in (1, 2)]
    assert set(held_out(samples(both + one), 0.5, 0)) == set(range(6))
    assert set(held_out(samples(both + one), 0.25, 0)) < set(range(6))


@pytest.mark.parametrize("view", [0, 1])
def test_with_one_view_people_of_two_cameras_are(view: int) -> None:
    two = [(pid, cam, view) for pid in range(6) for cam in (0, 1)]
    alone = [(pid, 0, view) for pid in range(6, 12) for _ in range(3)]
    assert set(held_out(samples(two + alone), 0.5, 0)) == set(range(6))
    assert len(held_out(samples(alone), 0.5, 0)) == 0


def test_a_run_on_a_data_set_of_one_view_chooses_by_its_held_out_people(tmp_path: Path) -> None:
    workspace = write_people(tmp_path)
    table = read_manifest(workspace.manifest)
    column = pa.array(["cctv"] * len(table), table["platform"].type)
    ground = table.set_column(table.column_names.index("platform"), "platform", column)
    manifest_artefact(GROUP_SIZES).write(ground, workspace.manifest)
    split = SPLIT.read(workspace.split)
    direction = pc.if_else(pc.is_valid(split["direction"]), "g2g", split["direction"])
    mine = pc.not_equal(pc.fill_null(split["direction"], "a2g"), "g2a")
    SPLIT.write(split.set_column(2, "direction", direction).filter(mine), workspace.split)
    train(workspace, config=small("data.held_out=0.5", "data.sampler=pk", "data.p=2", "schedule.epochs=1"))
    rows = [row for row in read_log(Run(workspace.runs / "campus").log) if row["kind"] == "eval"]
    assert [(row["direction"], row["on"]) for row in rows] == [("g2g", "held-out")]
