"""Finished run + manifest → what is needed to train the explainable stream over it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, MissingError, Problem
from agreid_cli.nn.interpreter import class_token, several_vectors
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.runs import Run, all_runs, place_of, run_at
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.runs import load_network, stored_config
from agreid_cli.stages.run.streams import stored_codebook
from agreid_cli.training.explain import from_starting_weights, make_trainee
from agreid_cli.training.explain_objective import Bits
from agreid_cli.training.held_out import as_fact, from_facts, held_out, without
from agreid_cli.training.intake import packed
from agreid_cli.training.network import Trainee
from agreid_cli.training.samples import Samples, training_samples


def with_teacher(workspace: Workspace, config: TrainConfig, run: Run) -> TrainConfig:
    """The configuration with its teacher named in full, and with the teacher's own network and classifier.

    A configuration without `explain` is given back as it is. `InputError` when the teacher's backbone or head
    is not the recipe's, or when the teacher is the run that is about to be made.
    """
    explain = config.explain
    if explain is None:
        return config
    teacher = _teacher(workspace, config, run)
    theirs = stored_config(teacher)
    # Who is held out from the teacher is held out from its stream, whatever share is named here.
    data = config.data.model_copy(update={"held_out": theirs.data.held_out})
    said = (("backbone", config.model.backbone, theirs.model.backbone),
            ("head", config.model.head, theirs.model.head))  # fmt: skip
    problems = [
        Problem(f"model.{name}", f"{mine} in the recipe, {other} in the run")
        for name, mine, other in said
        if mine != other
    ]
    if problems:
        raise InputError(
            f"the recipe {config.recipe or '(none)'} does not belong to the run '{teacher.name}'",
            problems=problems,
            hint=f"Take the recipe explain-{theirs.recipe.removesuffix('-fastreid')}, or name another run "
            "with --set explain.teacher=runs/NAME",
        )
    if config.data.held_out not in (0, theirs.data.held_out):
        raise InputError(
            f"data.held_out={config.data.held_out:g} is for a re-ID run, and '{teacher.name}' was trained "
            f"with {theirs.data.held_out:g}",
            hint="Hold people out from the stream alone: --set explain.held_out=0.1",
        )
    if theirs.model.head == "mgn":
        raise several_vectors()
    if theirs.model.pool == "token":
        raise class_token()
    if workspace.manifest.is_file():
        _bits(read_manifest(workspace.manifest), workspace, config)
    named = explain.model_copy(update={"teacher": place_of(workspace, teacher)})
    # Half of the stream runs without gradients over frozen weights: compiling it has not been tried.
    model = theirs.model.model_copy(update={"compile": False})
    return config.model_copy(update={"explain": named, "model": model, "data": data, "loss": theirs.loss})


def stream_trainee(
    workspace: Workspace, config: TrainConfig, *, progress: Progress = SILENT
) -> tuple[Samples, np.ndarray, Trainee]:
    """The crops that the stream learns from, their pixels, and the stream over its teacher.

    Crops without attributes are left out, and so are the people who are held out for choosing p: those whom
    the teacher has not seen either, where it held people out, else a share of the teacher's own.
    """
    assert config.explain is not None
    teacher = run_at(workspace, config.explain.teacher)
    network = load_network(teacher)
    model = network.model
    if config.explain.start == "weights":
        model = from_starting_weights(config, model, int(network.words["n_ids"]))
    table = read_manifest(workspace.manifest)
    bits = _bits(table, workspace, config)
    samples = training_samples(table, read_split(workspace.split, table), workspace.manifest.parent)
    if samples.attrs is None or not samples.attrs.any():
        raise InputError(
            "no training crop has attributes, and the explainable stream learns from them",
            hint="Give them with: agreid build-manifest, which reads attributes.csv",
        )
    known = samples.attrs.any(axis=1)
    if n := int((~known).sum()):
        progress.warn(f"{n} of {len(samples)} training crops have no attributes and are left out")
    samples = samples.take(np.flatnonzero(known))
    strangers = np.array(from_facts(network.words), np.int64)
    kept_out = strangers if len(strangers) else held_out(samples, config.explain.held_out, config.seed)
    if not len(kept_out) and config.explain.held_out:
        progress.warn("too few training identities to hold any out: evaluate --explain cannot choose its p")
    samples = without(samples, kept_out)
    samples, images = packed(workspace, samples, config, part="stream", progress=progress)
    facts = {
        "teacher": place_of(workspace, teacher),
        "teacher_sha256": network.weights_sha256,
        "n_ids": network.words["n_ids"],
        **as_fact(kept_out),
        **({"strangers_to_teacher": "True"} if len(strangers) else {}),
    }
    return samples, images, make_trainee(config, model, bits, samples, facts)


def _bits(table: pa.Table, workspace: Workspace, config: TrainConfig) -> Bits:
    """The manifest's bits without the groups that the configuration leaves out."""
    assert config.explain is not None
    return Bits.of(stored_codebook(table, workspace.manifest), config.explain.exclude)


def _teacher(workspace: Workspace, config: TrainConfig, run: Run) -> Run:
    """The run that is named, else the newest re-ID run with the recipe's backbone and head."""
    assert config.explain is not None
    if config.explain.teacher:
        teacher = run_at(workspace, config.explain.teacher)
        if stored_config(teacher).explain is not None:
            raise InputError(
                f"the run '{teacher.name}' is an explainable stream itself",
                hint="Name the re-ID run that it explains: --set explain.teacher=runs/NAME",
            )
        return teacher
    for other in all_runs(workspace):
        if other.root == run.root or not (other.config.is_file() and other.weights.is_file()):
            continue
        theirs = stored_config(other)
        same = (theirs.model.backbone, theirs.model.head) == (config.model.backbone, config.model.head)
        if same and theirs.explain is None:
            return other
    base = config.recipe.removeprefix("explain-")
    raise MissingError(
        f"{workspace.runs} holds no finished {config.model.head} run on {config.model.backbone} to explain",
        hint=f"Train one first: agreid train --recipe {base}",
    )
