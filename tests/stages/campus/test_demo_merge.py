"""The data set of the demo: its images and people, and who is never tested."""

from __future__ import annotations

from pathlib import Path

from agreid_cli.config.build_split import SplitConfig
from agreid_cli.records.artefact import metadata
from agreid_cli.records.manifest import CODEBOOK_KEY, attribute_matrix, read_manifest
from agreid_cli.records.split import SPLIT
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus.demo_merge import CROWD_PID, merge
from agreid_cli.stages.data.build_split import build_split
from tests.support.tables import write_manifest


def two(root: Path) -> tuple[Workspace, Workspace, Workspace]:
    """A film and a crowd that use the same pids, crop ids and video ids; and where they go."""
    film = write_manifest(root / "film", 1, n_pids=6)
    build_split(film, SplitConfig())
    return film, write_manifest(root / "crowd", 2, n_pids=4, junk_tracks=1), Workspace(root)


def test_the_film_keeps_its_split_and_the_crowd_is_only_trained_on(tmp_path: Path) -> None:
    film, crowd, root = two(tmp_path)
    found = merge(film, crowd, root)
    manifest, split = read_manifest(root.manifest), SPLIT.read(root.split)
    before = read_manifest(film.manifest)
    assert found.crops == len(manifest) == len(before) + 4 * 6  # without the crowd's junk
    assert manifest.slice(0, len(before)).drop_columns("path").equals(before.drop_columns("path"))
    pid_of = dict(zip(manifest["crop_id"].to_pylist(), manifest["pid"].to_pylist(), strict=True))
    assert len(pid_of) == len(manifest)
    rows = list(zip(*(split[name].to_pylist() for name in SPLIT.schema.names), strict=True))
    assert rows[: len(SPLIT.read(film.split))] == [
        tuple(row.values()) for row in SPLIT.read(film.split).select(SPLIT.schema.names).to_pylist()
    ]
    others = {pid for pid in pid_of.values() if pid >= CROWD_PID}
    assert others == {CROWD_PID + pid for pid in (1, 2, 3, 4)}
    roles = {(pid_of[crop], role) for crop, role, _ in rows}
    assert {role for pid, role in roles if pid in others} == {"train"}
    trained = {pid for pid, role in roles if role == "train"}
    tested = {pid for pid, role in roles if role in ("query", "gallery")}
    assert not trained & tested
    assert (found.train_identities, found.test_identities) == (len(trained), len(tested)) == (7, 3)
    assert found.train_crops == sum(role == "train" for _, role, _ in rows)
    assert (found.crowd_identities, found.train_paired) == (4, 7)


def test_paths_lead_from_the_root_and_attributes_stay(tmp_path: Path) -> None:
    film, crowd, root = two(tmp_path)
    merge(film, crowd, root)
    manifest = read_manifest(root.manifest)
    for path, crop in zip(manifest["path"].to_pylist(), manifest["crop_id"].to_pylist(), strict=True):
        assert path.startswith("crowd/crops/" if crop.startswith("crowd-") else "film/crops/")
    assert metadata(manifest)[CODEBOOK_KEY] == metadata(read_manifest(film.manifest))[CODEBOOK_KEY]
    theirs = read_manifest(crowd.manifest)
    bits = dict(zip(theirs["pid"].to_pylist(), attribute_matrix(theirs).tolist(), strict=True))
    for pid, found in zip(manifest["pid"].to_pylist(), attribute_matrix(manifest).tolist(), strict=True):
        if pid >= CROWD_PID:
            assert found == bits[pid - CROWD_PID]


def test_without_a_crowd_the_film_is_all(tmp_path: Path) -> None:
    film, _, root = two(tmp_path)
    found = merge(film, None, root)
    assert (found.crowd_identities, found.crops) == (0, len(read_manifest(film.manifest)))
    assert SPLIT.read(root.split).to_pylist() == SPLIT.read(film.split).to_pylist()
