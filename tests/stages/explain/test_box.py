"""A stream that reads boxes gets them from tables, and the shape alone from image files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from agreid_cli.config.explain_pages import SearchConfig
from agreid_cli.errors import InputError
from agreid_cli.nn import boxed_groups
from agreid_cli.progress import SILENT
from agreid_cli.records.box_cues import CUES, box_cues, cues_of_file
from agreid_cli.records.images.reading import picture_size
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.explain import Crops
from agreid_cli.stages.explain.explainer import Explainer
from agreid_cli.stages.explain.gallery import open_gallery
from agreid_cli.stages.explain.seen import Source
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.streams import open_stream
from tests.support.heard import Heard
from tests.support.streams import write_stream

CONFIG = SearchConfig(top=2)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The boxes of so few people predict nothing, so the test keeps all groups."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            boxed_groups, "select_groups", lambda _cues, _bits, _people, sizes: np.ones(len(sizes), bool)
        )
        return write_stream(tmp_path_factory.mktemp("stream"))


def test_all_commands_use_the_box_of_the_table(done: Workspace) -> None:
    opened = open_stream(done, None)
    assert opened.reads == {"box"}
    table = read_manifest(done.manifest)
    boxes = dict(zip(table["crop_id"].to_pylist(), box_cues(table), strict=True))
    loaded = load_testing(done, opened.config, SILENT)
    assert loaded is not None
    side, ids = opened.sided(*loaded).side, loaded[0].crop_id
    gallery, crops = open_gallery(done, opened, None), Crops(done, opened.codebook)
    place = {crop: row for row, crop in enumerate(gallery.rows.crop_id)}
    for row, crop in enumerate(ids):
        for found in (side.box[row], crops.source(crop).box, gallery.source(place[crop]).box):
            assert np.array_equal(found, boxes[crop])
    read = opened.stream.read(opened.sided(*loaded), np.arange(len(ids)))
    np.testing.assert_allclose(gallery.read.chances[[place[crop] for crop in ids]], read.chances, atol=1e-5)


def test_files_have_their_own_shape(done: Workspace, tmp_path: Path) -> None:
    opened = open_stream(done, None)
    gallery = open_gallery(done, opened, done.root / "images")
    files = gallery.rows.path
    assert np.array_equal(gallery.rows.box, np.stack([cues_of_file(*picture_size(f)) for f in files]))
    seen = Explainer.of(done, opened, CONFIG).see(Crops(done, None).source(str(files[0])))
    assert np.array_equal(seen.side.box[0].numpy(), gallery.rows.box[0])
    bad = tmp_path / "bad"
    bad.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (bad / name).write_bytes(b"no image")
    with pytest.raises(InputError, match="2 of 2 crops cannot be read") as caught:
        open_gallery(done, opened, bad)
    assert [Path(problem.where).name for problem in caught.value.problems] == ["a.jpg", "b.jpg"]


def test_crops_without_a_position_are_counted_if_the_stream_was_fitted_to_positions(done: Workspace) -> None:
    opened, heard = open_stream(done, None), Heard()
    files = sorted((done.root / "images").glob("*.jpg"))[:2]
    explainer = Explainer.of(done, opened, CONFIG, heard)

    def asked() -> None:
        open_gallery(done, opened, done.root / "images", progress=heard)
        for file in files:
            explainer.see(Source(file.name, file))

    assert opened.stream.model.boxed is not None
    asked()
    said = [words for words in heard.warnings if "position in the video frame" in words]
    assert [words.split(". ")[0].split(" for ")[1] for words in said] == ["64 of 64 crops", "this image"]
    heard.warnings.clear()
    opened.stream.model.boxed.mean[CUES.index("in_frame")] = 0  # as if no training crop had had one
    asked()
    assert not [words for words in heard.warnings if "position in the video frame" in words]
    opened = open_stream(done, None)
    opened.stream.model.boxed.weight.zero_()  # as if no group had been kept
    explainer = Explainer.of(done, opened, CONFIG, heard)
    asked()
    assert not [words for words in heard.warnings if "position in the video frame" in words]


def test_another_box_is_another_cached_gallery(done: Workspace) -> None:
    opened = open_stream(done, None)
    table = pq.read_table(done.manifest)
    at = table.column_names.index("width")
    broader = done.manifest.with_name("broader.parquet")
    pq.write_table(
        table.set_column(
            at, table.schema.field(at), pc.add(table["width"], 1).cast(table.schema.field(at).type)
        ),
        broader,
    )
    one, other, again = (open_gallery(done, opened, file) for file in (done.manifest, broader, done.manifest))
    assert one.rows.path == other.rows.path
    assert one.files[0].parent != other.files[0].parent
    assert again.files == one.files
    assert not np.array_equal(one.read.chances, other.read.chances)
