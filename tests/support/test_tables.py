"""The table helper creates valid artefacts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agreid_cli.records.crops import CROPS
from agreid_cli.records.manifest import attribute_matrix, manifest_artefact
from tests.support.tables import GROUP_SIZES, crops_table, manifest_table, write_crops, write_manifest


@pytest.mark.parametrize("paired", [0.0, 0.5, 1.0])
def test_the_tables_are_valid_and_repeatable(paired: float) -> None:
    how = {"crops_per_pid": (1, 4), "platforms": ("uav", "cctv", "wearable"), "paired": paired}
    crops = crops_table(3, **how, junk_tracks=2)
    manifest = manifest_table(3, **how, junk_tracks=2)
    assert CROPS.conform(crops, "crops").num_rows == manifest.num_rows
    manifest_artefact(GROUP_SIZES).conform(manifest, "manifest")
    assert manifest.equals(manifest_table(3, **how, junk_tracks=2))
    seen = manifest.group_by("pid").aggregate([("platform", "count_distinct")]).to_pydict()
    shared = [n for pid, n in zip(*seen.values(), strict=True) if pid > 0]
    assert sum(n == 3 for n in shared) == round(6 * paired)
    assert -1 in seen["pid"]


def test_every_person_has_fifteen_ones() -> None:
    assert np.unique(attribute_matrix(manifest_table(1)).sum(axis=1)).tolist() == [15]


def test_the_written_artefacts_read_back(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path)
    write_manifest(tmp_path)
    assert CROPS.read(workspace.crops)["path"][0].as_py().startswith("images/")
    table = manifest_artefact(GROUP_SIZES).read(workspace.manifest)
    assert table["path"][0].as_py().startswith("crops/images/")
