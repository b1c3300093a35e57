"""The view-aware methods: train, resume and embed; every tensor moves; unfit data is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import RECIPES, recipe
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError
from agreid_cli.records.runs import Run
from agreid_cli.records.side import Side
from agreid_cli.records.training_log import read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.train import train
from agreid_cli.training.batch import Batch
from agreid_cli.training.facts import Facts
from agreid_cli.training.methods import method_of
from agreid_cli.training.methods.latex import LatexFacts
from tests.support.people_on_disk import write_people

METHODS = ("transreid", "transreid-view", "vdt", "secap", "clip-reid", "latex")
FAST = ("transreid-view", "clip-reid")
TEXT = "method.options.text={width=32, heads=2, layers=1, output=24}"
SMALL = (
    "model.backbone=timm:vit_tiny_patch16_224", "model.weights=none", "model.size=64x32", "model.drop_path=0",
    "model.compile=false", "data.p=2", "data.k=2", "schedule.epochs=1", "schedule.warmup_iters=0",
    "schedule.warmup_epochs=0", "schedule.cosine_from=0", "schedule.milestones=[1]", "validation.every=0",
    "augment.pad=2", "precision=fp32",
)  # fmt: skip


def small(name: str, *sets: str) -> TrainConfig:
    """The recipe on a small transformer and thumbnails, for one epoch."""
    own = [TEXT] if name in ("clip-reid", "latex") else []
    if name == "clip-reid":
        own.append("method.options.stage1={epochs=2, batch=4}")
    if name == "secap":
        own.append("method.options.prompts=4")
    return with_overrides(recipe(name), [*SMALL, *own, *sets])


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return write_people(tmp_path_factory.mktemp("people"), n_pids=8, attributes=True)


@pytest.mark.parametrize(
    "name", [*FAST, *(pytest.param(n, marks=pytest.mark.slow) for n in METHODS if n not in FAST)]
)
def test_every_method_trains_resumes_and_embeds(name: str, people: Workspace) -> None:
    if name in ("clip-reid", "latex"):
        pytest.importorskip("open_clip")
    config = small(name)
    train(people, config=config, name=name, overwrite=True)
    run = Run(people.runs / name)
    vectors = np.array(pq.read_table(run.embeddings)["embedding"].to_pylist())
    assert np.isfinite(vectors).all()
    assert len(np.unique(vectors.round(6), axis=0)) == len(vectors), "each crop has a vector of its own"
    before = run.embeddings.read_bytes()
    train(people, config=config, name=name, resume=True)
    assert run.embeddings.read_bytes() == before, "a finished run resumes to itself"


def facts(name: str) -> Facts:
    said: dict[str, Any] = {"n_ids": 3, "cameras": (0, 3), "views": ("aerial", "ground")}
    if name == "latex":
        from agreid_cli.attributes.official import official_codebook

        return LatexFacts(**said, codebook=official_codebook().to_json())
    return Facts(**said)


@pytest.mark.parametrize("name", [n for n, target in RECIPES.items() if "view_aware" in target])
def test_every_trainable_tensor_moves_in_one_step(name: str) -> None:
    """Without weight decay, which would move a tensor that gets no gradient."""
    if name in ("clip-reid", "latex"):
        pytest.importorskip("open_clip")
    from agreid_cli.training.objective import Objective

    torch.manual_seed(0)
    config, known = small(name), facts(name)
    method = method_of(config)
    model: Any = method.network(config, known)
    objective = Objective(terms(config, known))
    frozen = frozen_of(model, config)
    parameters = {n: p for n, p in model.named_parameters() if p.requires_grad and id(p) not in frozen}
    before = {n: p.detach().clone() for n, p in parameters.items()}
    labels = torch.tensor([0, 0, 1, 1, 2, 2])
    side = Side(labels % 2, torch.tensor([0, 1] * 3))
    attrs = attribute_rows(len(labels)) if name == "latex" else None
    batch = Batch(torch.randn(6, 3, 64, 32), labels, labels, side, attrs, labels)
    if name == "clip-reid":
        model.head.descriptions.normal_()
    optimiser = torch.optim.SGD(parameters.values(), lr=0.1)
    objective(model.train(), batch).total.backward()
    optimiser.step()
    still = [n for n, p in parameters.items() if torch.equal(p, before[n])]
    assert still == []


def terms(config: TrainConfig, known: Facts) -> dict[str, Any]:
    import importlib

    from agreid_cli.training.methods import METHODS as TABLE
    from agreid_cli.training.objective import terms_of

    if config.method.name == "reid":
        return terms_of(config.loss, n_ids=known.n_ids, width=192)
    module = importlib.import_module(TABLE[config.method.name].partition(":")[0])
    made: dict[str, Any] = module.terms(config, known)
    return made


def frozen_of(model: Any, config: TrainConfig) -> set[int]:
    if config.method.name != "latex":
        return set()
    from agreid_cli.training.methods.latex import frozen_parts

    return {id(p) for part in frozen_parts(model, config) for p in part.parameters()}


def attribute_rows(n: int) -> torch.Tensor:
    from agreid_cli.attributes.official import official_codebook

    book = official_codebook()
    rows = torch.zeros(n, book.n_bits, dtype=torch.uint8)
    for row in range(n):
        for start, size in zip(book.starts, book.sizes, strict=True):
            rows[row, start + row % size] = 1
    return rows


def one_view(people: Workspace, root: Path) -> Workspace:
    from agreid_cli.records.manifest import manifest_artefact, read_manifest
    from agreid_cli.records.split import SPLIT, SPLIT_SCHEMA
    from tests.support.tables import GROUP_SIZES

    table = read_manifest(people.manifest)
    rows = [
        row | {"path": str(people.root / row["path"])}
        for row in table.to_pylist()
        if row["platform"] == "uav"
    ]
    workspace = Workspace(root)
    manifest_artefact(GROUP_SIZES).write(pa.Table.from_pylist(rows, schema=table.schema), workspace.manifest)
    split = [{"crop_id": row["crop_id"], "role": "train", "direction": None} for row in rows]
    SPLIT.write(pa.Table.from_pylist(split, schema=SPLIT_SCHEMA), workspace.split)
    return workspace


@pytest.mark.parametrize("name", ["vdt", "secap"])
def test_training_crops_of_one_view_are_refused_with_counts(
    name: str, people: Workspace, tmp_path: Path
) -> None:
    workspace = one_view(people, tmp_path)
    with pytest.raises(InputError, match=r"learns from both views.*\d+ aerial, 0 ground"):
        train(workspace, config=small(name), name=name)
    assert not Run(workspace.runs / name).root.exists()


def test_settings_that_the_method_would_not_use_are_refused_together(people: Workspace) -> None:
    words = ("model.head=sbs", "model.pool=avg", "loss.classifier=circle")
    with pytest.raises(InputError, match="settings that the method 'vdt' does not use: 3") as caught:
        train(people, config=small("vdt", *words), name="refused")
    assert [p.where for p in caught.value.problems] == ["model.head", "model.pool", "loss.classifier"]
    with pytest.raises(InputError, match="the batch is too small"):
        train(people, config=small("vdt", "data.k=1"), name="refused")


def test_further_terms_of_the_loss_are_used(people: Workspace) -> None:
    train(people, config=small("vdt", "loss.terms={center={weight=0.01}}"), name="center", overwrite=True)
    [epoch] = [row for row in read_log(people.runs / "center" / "metrics.jsonl") if row["kind"] == "epoch"]
    assert set(epoch["losses"]) == {"total", "ce", "triplet", "view", "orthogonality", "center"}


def test_a_convolutional_network_is_refused(people: Workspace) -> None:
    with pytest.raises(InputError, match="needs a transformer with a class token"):
        train(people, config=small("vdt", "model.backbone=timm:resnet18"), name="refused")
