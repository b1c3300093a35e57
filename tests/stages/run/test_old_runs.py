"""Run folders and workspaces of agreid 0.1 before methods had names: read, embedded and resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from agreid_cli.config.load import to_toml
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.embed import embed
from agreid_cli.stages.run.streams import open_stream
from agreid_cli.stages.run.train import train
from agreid_cli.training.checkpoint import load_state, save_state
from agreid_cli.training.saved import load_network
from tests.support.streams import copy_of_stream

NEW = ("[method]", "[method.options]", "[loss.terms]")


def old_config(text: str) -> str:
    """The same configuration without the tables that it did not have."""
    kept, skips = [], False
    for line in text.splitlines():
        if line.startswith("["):
            skips = line in NEW
        if not skips:
            kept.append(line)
    return "\n".join(kept) + "\n"


def make_old(run: Run) -> None:
    """Rewrite a run as agreid 0.1 wrote it: no method, one entry per fact, no objective in the state."""
    loaded = load_network(run)
    run.config.write_text(old_config(run.config.read_text()))
    facts = loaded.facts.model_dump()
    words = {"n_ids": str(facts["n_ids"]), "held_out": " ".join(map(str, facts["held_out"]))}
    words |= {name: facts[name] for name in ("codebook", "teacher", "teacher_sha256") if name in facts}
    for path in (run.last, run.best):
        if not path.is_file():
            continue
        with safe_open(str(path), framework="pt") as file:
            mark = json.loads(file.metadata()["agreid"])
        del mark["facts"]
        mark |= words | {"config": old_config(mark["config"])}
        tensors = load_file(path)
        save_file(tensors, path, {"agreid": json.dumps(mark, sort_keys=True)})
    state = load_state(run.state)
    del state["objective"], state["ema_of_terms"]
    save_state(run.state, state)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = copy_of_stream(tmp_path_factory.mktemp("old"))
    for name in ("campus", "explain-campus"):
        make_old(Run(workspace.runs / name))
    return workspace


def test_an_old_run_embeds_as_it_did(old: Workspace) -> None:
    run = Run(old.runs / "campus")
    assert "[method" not in run.config.read_text()
    before = pq.read_table(run.embeddings)
    embed(old, run="campus")
    assert pq.read_table(run.embeddings)["embedding"].equals(before["embedding"])
    facts = load_network(run).facts
    assert (facts.n_ids, facts.cameras) == (8, ())


def test_an_old_stream_is_still_one_and_explains(old: Workspace) -> None:
    opened = open_stream(old, None)
    assert opened.run.name == "explain-campus"
    assert opened.config.method.name == "explain"
    assert opened.facts.teacher == "runs/campus"
    assert len(opened.facts.held_out) == 2


@pytest.mark.parametrize("name", ["campus", "explain-campus"])
def test_an_old_run_is_resumed(old: Workspace, name: str, tmp_path: Path) -> None:
    run = Run(old.runs / name)
    before = load_file(run.last)
    config = load_network(run).config
    assert "method" in to_toml(config)
    train(old, config=config, name=name, resume=True)  # it was finished: nothing moves
    after = load_file(run.last)
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
