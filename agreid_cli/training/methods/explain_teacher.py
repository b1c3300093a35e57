"""Determine the run that a stream explains, and whether the recipe fits it."""

from __future__ import annotations

import pyarrow as pa

from agreid_cli.config.load import difference
from agreid_cli.config.recipes import RECIPES, recipe
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, MissingError, Problem
from agreid_cli.nn.explain_stream import class_token, several_vectors
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.runs import Run, all_runs, place_of, run_at
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.bits import Bits, stored_codebook
from agreid_cli.training.methods import method_of
from agreid_cli.training.stored import stored_config

#: The method whose networks pool one feature map into the vector that is ranked.
EXPLAINED = "reid"


def with_teacher(workspace: Workspace, config: TrainConfig, run: Run) -> TrainConfig:
    """The configuration with its teacher's full name, network and classifier.

    `InputError` if the teacher's backbone or head differs from the recipe's, or if the teacher is the new run
    itself.
    """
    explain = config.explain
    assert explain is not None
    if config.loss.terms:
        raise InputError(
            "the explainable stream has its own losses and does not use loss.terms",
            hint="Leave loss.terms out; the weights of its losses are in explain.",
        )
    teacher = _teacher(workspace, config, run)
    theirs = stored_config(teacher)
    # People held out from the teacher are held out from its stream, whatever fraction is configured here.
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
            f"the recipe {config.recipe or '(none)'} does not fit the run '{teacher.name}'",
            problems=problems,
            hint=f"Use the recipe explain-{theirs.recipe.removesuffix('-fastreid')}, or name another run "
            "with --set explain.teacher=runs/NAME",
        )
    if config.data.held_out not in (0, theirs.data.held_out):
        raise InputError(
            f"data.held_out={config.data.held_out:g} is for a re-ID run, and '{teacher.name}' was trained "
            f"with {theirs.data.held_out:g}",
            hint="Hold people out from the stream alone: --set explain.held_out=0.1",
        )
    _refuse_own_network(config, theirs, teacher)
    if theirs.model.head == "mgn":
        raise several_vectors()
    if theirs.model.pool == "token":
        raise class_token()
    if workspace.manifest.is_file():
        bits_of(read_manifest(workspace.manifest), workspace, config)
    named = explain.model_copy(update={"teacher": place_of(workspace, teacher)})
    # Half of the stream runs without gradients on frozen weights: compiling it has not been tested.
    model = theirs.model.model_copy(update={"compile": False})
    return config.model_copy(update={"explain": named, "model": model, "data": data, "loss": theirs.loss})


def _refuse_own_network(config: TrainConfig, theirs: TrainConfig, teacher: Run) -> None:
    """`InputError` for settings of network and loss that are neither the recipe's nor the teacher's."""
    if config.recipe not in RECIPES:
        return
    usual, problems = recipe(config.recipe), []
    for part in ("model", "loss"):
        own = getattr(config, part)
        set_here = {problem.where for problem in difference(getattr(usual, part), own)}
        found = difference(getattr(theirs, part), own)
        problems += [Problem(f"{part}.{p.where}", p.what) for p in found if p.where in set_here - {"compile"}]
    if problems:
        raise InputError(
            f"the network of the stream is that of the run '{teacher.name}', which was trained otherwise",
            problems=problems,
            hint="Leave these settings out, or train a re-ID run with them and explain it.",
        )


def bits_of(table: pa.Table, workspace: Workspace, config: TrainConfig) -> Bits:
    """The manifest's bits without the groups excluded by the configuration."""
    assert config.explain is not None
    return Bits.of(stored_codebook(table, workspace.manifest), config.explain.exclude)


def _teacher(workspace: Workspace, config: TrainConfig, run: Run) -> Run:
    """The named run, else the newest re-ID run with the recipe's backbone and head."""
    assert config.explain is not None
    if config.explain.teacher:
        teacher = run_at(workspace, config.explain.teacher)
        method = stored_config(teacher).method.name
        if method_of(stored_config(teacher)).explains:
            raise InputError(
                f"the run '{teacher.name}' is an explainable stream itself",
                hint="Name the re-ID run that it explains: --set explain.teacher=runs/NAME",
            )
        if method != EXPLAINED:
            raise InputError(
                f"the run '{teacher.name}' was trained by the method {method} and has no map to decompose",
                hint=f"Name a run of the method {EXPLAINED}: --set explain.teacher=runs/NAME",
            )
        return teacher
    for other in all_runs(workspace):
        if other.root == run.root or not (other.config.is_file() and other.weights.is_file()):
            continue
        theirs = stored_config(other)
        same = (theirs.model.backbone, theirs.model.head) == (config.model.backbone, config.model.head)
        if same and theirs.method.name == EXPLAINED:
            return other
    base = config.recipe.removeprefix("explain-")
    raise MissingError(
        f"{workspace.runs} has no finished {config.model.head} run on {config.model.backbone} to explain",
        hint=f"Train one first: agreid train --recipe {base}",
    )
