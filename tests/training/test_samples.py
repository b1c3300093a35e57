from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agreid_cli.errors import InputError
from agreid_cli.records.split import SPLIT_SCHEMA
from agreid_cli.training.samples import samples_of, training_samples
from tests.support.tables import manifest_table


def split_of(manifest: pa.Table, roles: dict[int, str]) -> pa.Table:
    """Roles by pid, train where nothing is said."""
    rows = [
        {"crop_id": crop, "role": roles.get(pid, "train"), "direction": None}
        for crop, pid in zip(manifest["crop_id"].to_pylist(), manifest["pid"].to_pylist(), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=SPLIT_SCHEMA)


def test_training_takes_its_role_without_junk_and_numbers_the_identities(tmp_path: Path) -> None:
    manifest = manifest_table(n_pids=4, crops_per_pid=2, junk_tracks=1, first_pid=7)
    found = training_samples(manifest, split_of(manifest, {8: "unused"}), tmp_path)
    assert sorted({*found.pid.tolist()}) == [7, 9, 10]
    assert dict(zip(found.pid.tolist(), found.label.tolist(), strict=True)) == {7: 0, 9: 1, 10: 2}
    assert found.n_ids == 3
    row = manifest["crop_id"].to_pylist().index(found.crop_id[5])
    said = manifest.slice(row, 1).to_pylist()[0]
    assert found.path[5] == str(tmp_path / said["path"])
    assert (found.pid[5], found.camid[5]) == (said["pid"], said["camid"])
    assert found.view[5] == (0 if said["platform"] == "uav" else 1)
    assert found.attrs is not None
    assert found.attrs[5].tolist() == said["attr_bits"]


def test_labels_close_up_when_an_identity_goes(tmp_path: Path) -> None:
    manifest = manifest_table(n_pids=3, crops_per_pid=1)
    found = training_samples(manifest, split_of(manifest, {}), tmp_path)
    rest = found.take(np.flatnonzero(found.pid != 2))
    assert dict(zip(rest.pid.tolist(), rest.label.tolist(), strict=True)) == {1: 0, 3: 1}
    assert len(rest.attrs) == len(rest) == 4  # type: ignore[arg-type]


def test_without_any_attributes_there_are_none(tmp_path: Path) -> None:
    manifest = manifest_table(n_pids=2, attributes=False)
    assert training_samples(manifest, split_of(manifest, {}), tmp_path).attrs is None


def test_a_split_of_another_manifest_is_refused(tmp_path: Path) -> None:
    manifest = manifest_table(n_pids=2)
    with pytest.raises(InputError, match="2 crops of the split are not in the manifest, the first is nobody"):
        samples_of(manifest, ["nobody", manifest["crop_id"][0].as_py(), "neither"], tmp_path)
