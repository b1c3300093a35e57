"""The stage: what is counted, and what is reported about the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.errors import InputError
from agreid_cli.stages.data.build_manifest import build_manifest
from agreid_cli.stages.data.stats import stats
from tests.support.annotations import annotated
from tests.support.heard import Heard
from tests.support.tables import write_crops, write_manifest


def test_a_workspace_and_a_manifest_file_are_counted_alike(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path / "campus", n_pids=5)
    folder, file = stats([workspace.root, workspace.manifest])
    assert (folder.name, file.name) == ("campus", "campus/manifest.parquet")
    assert folder.identities == file.identities == 5
    assert folder.by_platform == file.by_platform


def test_crops_alone_are_counted_with_a_warning(tmp_path: Path) -> None:
    heard = Heard()
    (found,) = stats([write_crops(tmp_path / "campus").root], progress=heard)
    assert found.identities is None
    assert found.images == 36
    assert "campus: the persons in these crops have no identities yet" in heard.warnings[0]
    assert "agreid build-manifest --template" in heard.warnings[0]


def test_a_manifest_older_than_its_inputs_is_counted_with_a_warning(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, n_pids=4)
    build_manifest(workspace, ManifestConfig())
    heard = Heard()
    stats([tmp_path], progress=heard)
    assert heard.warnings == []
    annotated(tmp_path, n_pids=4, junk_from=4)
    (found,) = stats([tmp_path], progress=heard)
    assert found.identities == 4
    assert "update it with: agreid build-manifest" in heard.warnings[0]


def test_every_source_that_cannot_be_counted_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    good = write_manifest(tmp_path / "good")
    with pytest.raises(InputError) as caught:
        stats([tmp_path, good.root, tmp_path / "nothing", tmp_path / "text"])
    text = str(caught.value)
    assert f"{tmp_path} has no manifest and no crops" in text
    assert f"{tmp_path / 'nothing'} does not exist" in text
    assert f"{tmp_path / 'text'} cannot be read as Parquet" in text
    assert "good" not in text
    assert "agreid extract-crops VIDEO" in text
