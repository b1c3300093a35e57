"""The stage: its files, and what is replaced only with --overwrite."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.load import from_toml
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.artefact import metadata
from agreid_cli.records.files import sha256
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.split import SPLIT
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.build_manifest import build_manifest
from agreid_cli.stages.data.build_split import build_split
from tests.support.annotations import annotated
from tests.support.heard import Heard
from tests.support.tables import write_manifest, write_sightings


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 99), st.integers(0, 99))
def test_the_same_seed_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, data_seed: int, seed: int
) -> None:
    files = []
    for _ in range(2):
        workspace = write_manifest(tmp_path_factory.mktemp("w"), data_seed, crops_per_pid=(2, 5), paired=0.7)
        files.append(build_split(workspace, SplitConfig(seed=seed)).path.read_bytes())
    assert files[0] == files[1]


def test_the_file_says_how_it_was_made(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path)
    config = SplitConfig(seed=3, queries_per_camera=1)
    result = build_split(workspace, config)
    marks = metadata(SPLIT.read(workspace.split))
    assert from_toml(SplitConfig, marks["config"], "the metadata") == config
    assert marks["seed"] == "3"
    assert marks["manifest_sha256"] == sha256(workspace.manifest)
    assert (result.state, result.path) == ("written", workspace.split)


def test_equal_inputs_leave_the_file_as_it_is(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path)
    build_split(workspace, SplitConfig())
    before = workspace.split.stat().st_mtime_ns
    assert build_split(workspace, SplitConfig()).state == "unchanged"
    assert build_split(workspace, SplitConfig(), overwrite=True).state == "unchanged"
    assert workspace.split.stat().st_mtime_ns == before


def test_another_split_is_replaced_only_when_told_and_the_difference_is_shown(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path, n_pids=12)
    build_split(workspace, SplitConfig())
    old = workspace.split.read_bytes()
    with pytest.raises(InputError) as caught:
        build_split(workspace, SplitConfig(seed=1, queries_per_camera=2))
    text = str(caught.value)
    assert "seed: was 0, now 1" in text
    assert "queries_per_camera: was 6, now 2" in text
    assert "crops change their role" in text
    assert "move between train and test" in text
    assert "--overwrite" in text
    assert workspace.split.read_bytes() == old
    assert (
        build_split(workspace, SplitConfig(seed=1, queries_per_camera=2), overwrite=True).state == "replaced"
    )
    assert workspace.split.read_bytes() != old


def test_runs_on_a_replaced_split_are_named(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path, n_pids=12)
    build_split(workspace, SplitConfig())
    for name, digest in (("old", sha256(workspace.split)), ("other", "0" * 64)):
        (workspace.runs / name).mkdir(parents=True)
        (workspace.runs / name / "inputs.json").write_text(f'{{"split": "{digest}"}}')
    heard = Heard()
    build_split(workspace, SplitConfig(seed=1), overwrite=True, progress=heard)
    assert [w for w in heard.warnings if "replaced split: old. Train again" in w]


def test_a_changed_manifest_is_named(tmp_path: Path) -> None:
    people = [s for pid in range(8) for s in ((pid, "uav0", 3), (pid, "cctv3", 3))]
    workspace = write_sightings(tmp_path, *people)
    build_split(workspace, SplitConfig())
    write_sightings(tmp_path, *people[2:], (20, "uav0", 3), (20, "cctv3", 3))
    with pytest.raises(InputError, match=r"manifest: was \w+, now \w+ \(sha256\)") as caught:
        build_split(workspace, SplitConfig())
    assert "6 crops of the old split are not in the manifest" in str(caught.value)


def test_a_manifest_that_changes_no_role_brings_the_record_up_to_date(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path, 1)
    build_split(workspace, SplitConfig())
    roles = SPLIT.read(workspace.split)
    write_manifest(tmp_path, 1, attributes=False)
    assert build_split(workspace, SplitConfig()).state == "refreshed"
    assert SPLIT.read(workspace.split).equals(roles)
    assert metadata(SPLIT.read(workspace.split))["manifest_sha256"] == sha256(workspace.manifest)


def test_a_split_of_another_program_or_a_broken_one_is_not_replaced_unasked(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path)
    build_split(workspace, SplitConfig())
    table = SPLIT.read(workspace.split)
    SPLIT.write(table.slice(3), workspace.split)
    with pytest.raises(InputError, match="another program made it"):
        build_split(workspace, SplitConfig())
    workspace.split.write_text("hello")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        build_split(workspace, SplitConfig())
    assert workspace.split.read_text() == "hello"
    assert build_split(workspace, SplitConfig(), overwrite=True).state == "replaced"
    assert SPLIT.read(workspace.split).equals(table.replace_schema_metadata())


def test_nothing_is_written_when_the_protocol_does_not_hold(tmp_path: Path) -> None:
    roles = {"p1-uav0": "train", "p1-cctv3": "gallery:a2g", "p2-uav0": "query:a2g", "p2-cctv3": "gallery:a2g"}
    people = [s for pid in (1, 2) for s in ((pid, "uav0", 1), (pid, "cctv3", 1))]
    workspace = write_sightings(tmp_path, *people, published=roles)
    with pytest.raises(InputError, match="pid 1: is in train and in test"):
        build_split(workspace, SplitConfig(like="published"))
    assert not workspace.split.exists()


def test_published_queries_without_a_match_are_kept_and_named(tmp_path: Path) -> None:
    roles = {"p1-uav0": "train", "p2-uav0": "query:a2g", "p2-cctv3": "gallery:a2g", "p3-uav0": "query:a2g"}
    people = [(1, "uav0", 1), (2, "uav0", 2), (2, "cctv3", 1), (3, "uav0", 3)]
    heard = Heard()
    result = build_split(
        write_sightings(tmp_path, *people, published=roles), SplitConfig(like="published"), progress=heard
    )
    (a2g,) = result.counts.directions
    assert (a2g.n_query, a2g.n_valid, a2g.n_dropped) == (5, 2, 3)
    assert heard.warnings == ["a2g: 3 of 5 queries have no true match in the gallery and are excluded; pid 3"]


def test_directions_left_out_and_lopsided_training_are_said(tmp_path: Path) -> None:
    one_view = [(pid, "cctv3", 3) for pid in range(1, 11)]
    both = [s for pid in range(11, 17) for s in ((pid, "uav0", 3), (pid, "cctv3", 1))]
    heard = Heard()
    workspace = write_sightings(tmp_path, *one_view, *both)
    build_split(workspace, SplitConfig(paired_in_train=0), progress=heard)
    assert heard.notes == [
        "direction g2a is left out: no test identity has a cctv query crop and a uav gallery "
        "crop of another camera"
    ]
    assert len(heard.warnings) == 1
    assert "only 0 of the 8 training identities are seen in both views, but 6" in heard.warnings[0]
    assert "--set paired_in_train=0.5" in heard.warnings[0]
    heard = Heard()
    kept = build_split(workspace, SplitConfig(), overwrite=True, progress=heard)
    assert (kept.counts.train_identities_both_views, heard.warnings) == (3, [])


def test_one_view_alone_is_said_with_the_command_that_adds_the_other(tmp_path: Path) -> None:
    people = [s for pid in range(6) for s in ((pid, "uav0", 3), (pid, "uav1", 3))]
    heard = Heard()
    result = build_split(write_sightings(tmp_path, *people), SplitConfig(), progress=heard)
    assert [d.direction for d in result.counts.directions] == ["a2a"]
    assert "all crops are from uav" in heard.warnings[0]
    assert "agreid extract-crops VIDEO --platform cctv" in heard.warnings[0]


def test_an_unknown_direction_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'a2g"):
        build_split(Workspace(tmp_path), SplitConfig(directions=("a2gg",)))


def test_without_crops_the_error_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="agreid extract-crops VIDEO"):
        build_split(Workspace(tmp_path), SplitConfig())


def test_a_missing_manifest_is_built_first_with_the_workspace_s_settings(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, n_pids=5)
    workspace.config.write_text('[build-manifest]\nexclude = ["age"]\n')
    result = build_split(workspace, SplitConfig())
    assert result.counts.train_identities + result.counts.test_identities == 5
    assert len(read_manifest(workspace.manifest)["attr_bits"][0]) == 84


def test_a_manifest_older_than_its_inputs_is_built_again_as_it_was(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, n_pids=6)
    build_manifest(workspace, ManifestConfig(exclude=("age",)))
    build_split(workspace, SplitConfig())
    annotated(tmp_path, n_pids=6, junk_from=6)
    with pytest.raises(InputError, match=r"manifest: was \w+, now \w+"):
        build_split(workspace, SplitConfig())
    result = build_split(workspace, SplitConfig(), overwrite=True)
    assert result.counts.train_identities + result.counts.test_identities == 5
    assert len(read_manifest(workspace.manifest)["attr_bits"][0]) == 84
    assert build_split(workspace, SplitConfig()).state == "unchanged"


def test_an_imported_manifest_is_taken_as_it_is(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path)
    before = workspace.manifest.read_bytes()
    assert not workspace.crops_dir.exists()
    build_split(workspace, SplitConfig())
    assert workspace.manifest.read_bytes() == before
