from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from agreid_cli.attributes.codebook import Codebook, Group
from agreid_cli.attributes.mat import read_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.errors import InputError
from agreid_cli.records.manifest import CODEBOOK_KEY, attribute_matrix, manifest_artefact, read_manifest
from agreid_cli.records.split import SPLIT, SPLIT_SCHEMA
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.build_manifest import build_manifest
from agreid_cli.stages.data.manifest_mat import write_manifest_mat
from tests.support.annotations import annotated
from tests.support.tables import manifest_table, write_manifest

BOOK = official_codebook()


def test_all_identities_stand_in_train_until_there_is_a_split(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 1, n_pids=4, junk_tracks=1, junk_from=5)
    build_manifest(workspace, ManifestConfig())
    result = write_manifest_mat(workspace, tmp_path / "a.mat")
    assert (result.n_train, result.n_test) == (4, 0)
    table = read_manifest(workspace.manifest)
    back = read_mat(tmp_path / "a.mat", BOOK)
    assert set(back.train) == {1, 2, 3, 4}
    for pid, bits in zip(table["pid"].to_pylist(), attribute_matrix(table), strict=True):
        assert pid == -1 or (back.train[pid] == bits).all()

    rows = [
        {
            "crop_id": crop,
            "role": "train" if pid in (1, 2) else "query",
            "direction": None if pid in (1, 2) else "all",
        }
        for crop, pid in zip(table["crop_id"].to_pylist(), table["pid"].to_pylist(), strict=True)
    ]
    SPLIT.write(pa.Table.from_pylist(rows, schema=SPLIT_SCHEMA), workspace.split)
    write_manifest_mat(workspace, tmp_path / "a.mat")
    back = read_mat(tmp_path / "a.mat", BOOK)
    assert (set(back.train), set(back.test)) == ({1, 2}, {3, 4})


def test_groups_left_out_of_the_manifest_are_left_out_of_the_file(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 1)
    build_manifest(workspace, ManifestConfig(exclude=("age",)))
    write_manifest_mat(workspace, tmp_path / "a.mat")
    assert len(read_mat(tmp_path / "a.mat", BOOK.excluding(["age"])).train) == 6
    with pytest.raises(InputError, match="ageyoung: missing"):
        read_mat(tmp_path / "a.mat", BOOK)


def test_attributes_of_another_codebook_have_no_official_form(tmp_path: Path) -> None:
    book = Codebook((Group("hat", "Hat", ("hatyes", "hatunknown"), ("yes", "unknown"), (0, 1)),))
    table = manifest_table(1, group_sizes=book.sizes)
    workspace = Workspace(tmp_path)
    manifest_artefact(book.sizes).write(table, workspace.manifest, {CODEBOOK_KEY: book.to_json()})
    with pytest.raises(InputError, match="no column for: hatyes"):
        write_manifest_mat(workspace, tmp_path / "a.mat")


def test_a_manifest_without_attributes_has_nothing_to_write(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path, 1, attributes=False)
    with pytest.raises(InputError, match="no attributes"):
        write_manifest_mat(workspace, tmp_path / "a.mat")
    assert not (tmp_path / "a.mat").exists()
