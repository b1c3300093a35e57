"""The whole stream on people whose two attributes are two colours: it learns the differences."""

from __future__ import annotations

import colorsys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
import torch

from agreid_cli.attributes.bits import bits_of
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.progress import SILENT
from agreid_cli.records.manifest import CODEBOOK_KEY, manifest_artefact
from agreid_cli.records.split import SPLIT, SPLIT_SCHEMA
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.streams import known_bits, open_stream
from agreid_cli.stages.run.train import train
from tests.support.tables import crop_rows

BOOK = official_codebook().excluding([n for n in official_codebook().names if n not in ("upper", "lower")])
UPPER, LOWER = 6, 5  # labels of each that are worn
PEOPLE = 60

pytestmark = pytest.mark.slow


def write_clothed(root: Path) -> Workspace:
    """Half of the people to train on; the hue of each half of the body is the label of upper or lower."""
    workspace, rng = Workspace(root), np.random.default_rng(0)
    rows = crop_rows(0, n_pids=PEOPLE, crops_per_pid=4)
    worn = {pid: (int(rng.integers(UPPER)), int(rng.integers(LOWER))) for pid in range(1, PEOPLE + 1)}
    split = []
    for row in rows:
        upper, lower = worn[row["pid"]]
        row["attr_bits"] = bits_of(np.array([upper, lower]), BOOK).tolist()
        row["attr_known"] = [True, True]
        path = root / row["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), clothed(upper / UPPER, lower / LOWER, row["platform"], rng))
        aerial = row["platform"] == "uav"
        if row["pid"] <= PEOPLE // 2:
            split.append({"crop_id": row["crop_id"], "role": "train", "direction": None})
            continue
        role = "query" if aerial else "gallery"
        split.append({"crop_id": row["crop_id"], "role": role, "direction": "a2g"})
    table = pa.Table.from_pylist(rows, schema=manifest_artefact(BOOK.sizes).schema)
    manifest_artefact(BOOK.sizes).write(table, workspace.manifest, {CODEBOOK_KEY: BOOK.to_json()})
    SPLIT.write(pa.Table.from_pylist(split, schema=SPLIT_SCHEMA), workspace.split)
    return workspace


def clothed(upper: float, lower: float, platform: str, rng: np.random.Generator) -> np.ndarray:
    """uint8 BGR (64, 32, 3): hues 0..1 of the upper and the lower half of a person on grey."""
    image = np.full((64, 32, 3), 110.0)
    left = int(rng.integers(6, 11))
    for hue, top, bottom in ((upper, 10, 34), (lower, 34, 60)):
        image[top:bottom, left : left + 16] = 255 * np.array(colorsys.hsv_to_rgb(hue, 0.85, 0.9)[::-1])
    bright = 0.75 if platform == "uav" else 1.0
    return np.clip(image * bright + rng.normal(0, 10, image.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    workspace = write_clothed(tmp_path_factory.mktemp("clothed"))
    small = ("model.size=64x32", "schedule.cosine_from=4", "schedule.warmup_iters=5", "augment.erase=0",
             "augment.pad=2", "validation.every=0")  # fmt: skip
    base = (
        "model.backbone=osnet-x0.25",
        "model.weights=none",
        "optim.lr=2e-3",
        "data.held_out=0.2",
        "schedule.epochs=6",
    )
    train(workspace, config=with_overrides(recipe("campus"), [*small, *base]))
    for name, epochs in (("begun", 0), ("learnt", 25)):
        words = [*small, "model.backbone=osnet-x0.25", f"schedule.epochs={epochs}"]
        train(workspace, config=with_overrides(recipe("explain-campus"), words), name=name)
    yield workspace
    torch.set_num_threads(before)


def test_shares_fall_on_what_differs(done: Workspace) -> None:
    config = EvaluateConfig()
    [begun] = evaluate_explain(done, config=config, run="begun", directions=["a2g"])
    [learnt] = evaluate_explain(done, config=config, run="learnt", directions=["a2g"])
    for name in ("P_e", "XmAP_e"):
        before, after = getattr(begun.scores, name), getattr(learnt.scores, name)
        assert after.value > 2 * after.chance, name
        assert after.value > before.value + 0.2, name
    assert learnt.scores.XmAP_c.value > learnt.scores.XmAP_c.chance + 0.05
    assert learnt.scores.ADRE < 0.25
    assert all(group.accuracy > 0.6 for group in learnt.groups)
    assert begun.row("base") == learnt.row("base")
    assert learnt.row("explainable").mAP > learnt.row("base").mAP + 0.02


def test_maps_peak_on_the_half_that_wears_the_attribute(done: Workspace) -> None:
    opened = open_stream(done, "learnt")
    loaded = load_testing(done, opened.config, SILENT)
    assert loaded is not None
    testing, crops = loaded
    bits = known_bits(done, opened.codebook).of(testing.crop_id)
    upper_bits = opened.codebook.sizes[0]
    hits = []
    for place, found in opened.stream.blocks(opened.sided(*loaded), np.arange(len(crops)), 32):
        for own, worn in zip(found.maps.cpu().numpy(), bits[place], strict=True):
            for low, part in enumerate((slice(None, upper_bits), slice(upper_bits, None))):
                peak = own[part][worn[part].argmax()].sum(axis=1).argmax()
                hits.append((peak >= own.shape[1] / 2) == low)
    assert len(hits) == 2 * 240
    assert np.mean(hits) > 0.65  # by chance one half
