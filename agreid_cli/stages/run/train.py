"""Split → Run: trains a network and embeds the test crops with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import MissingError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.run_inputs import data_digests, run_inputs
from agreid_cli.records.runs import Run
from agreid_cli.records.training_log import cut_log, read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.devices import find_device
from agreid_cli.stages.run.embed import embed_test_part
from agreid_cli.stages.run.explain_trainee import stream_trainee, with_teacher
from agreid_cli.stages.run.keeper import RunKeeper
from agreid_cli.stages.run.ranked import load_held_out, load_testing
from agreid_cli.stages.run.runs import (
    begin,
    held,
    load_network,
    maker,
    must_agree,
    refuse_existing,
    weights_digest,
    with_fc,
)
from agreid_cli.training.batches import Batches
from agreid_cli.training.checkpoint import load_state
from agreid_cli.training.distributed import World, joined, wait_for_all, world_of_environment
from agreid_cli.training.embed import Crops
from agreid_cli.training.held_out import as_fact, from_facts
from agreid_cli.training.intake import load_training
from agreid_cli.training.loop import fit
from agreid_cli.training.network import Trainee
from agreid_cli.training.state import Training
from agreid_cli.training.stopping import stopping
from agreid_cli.training.validate import Testing

Judges = tuple[Testing, Crops] | None


@dataclass(frozen=True)
class Trained:
    """A finished run. `evals`: the referee's figures of the epoch that was kept, one a direction."""

    run: Run
    epochs: int
    best_epoch: int
    evals: tuple[dict[str, Any], ...]


def train(
    workspace: Workspace,
    *,
    config: TrainConfig,
    name: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Trained:
    """Train into `runs/<name>` (the recipe's name unless given), alone or as one process of torchrun.

    With `resume` the run goes on from its last checkpoint to the numbers that it would have had without a
    stop. Ctrl-C and SIGTERM save after the step in hand.
    """
    world = world_of_environment()
    target = torch.device(find_device(device, local=world.local))
    if target.type == "cuda":
        torch.cuda.set_device(target)
    run = Run(workspace.runs / (name or config.recipe or "train"))
    with joined(world, target), held(run, first=world.first):
        config = with_teacher(workspace, config, run)
        inputs = _checked(workspace, run, config, resume=resume, overwrite=overwrite)
        wait_for_all()
        trained = _train(
            workspace, run, config, world, target, inputs=None if resume else inputs, progress=progress
        )
        wait_for_all()
        return trained


def _checked(
    workspace: Workspace, run: Run, config: TrainConfig, *, resume: bool, overwrite: bool
) -> dict[str, Any]:
    """Everything that can be wrong before the first crop is read; what the run is made from."""
    for path, made_by in ((workspace.manifest, "build-manifest"), (workspace.split, "build-split")):
        if not path.is_file():
            raise MissingError(f"{path} does not exist", hint=f"Make it with: agreid {made_by}")
    inputs = run_inputs({**data_digests(workspace), "pretrained": weights_digest(config)})
    if resume:
        must_agree(run, config, inputs)
    elif not overwrite:
        refuse_existing(run)
    return inputs


def _train(
    workspace: Workspace,
    run: Run,
    config: TrainConfig,
    world: World,
    device: torch.device,
    *,
    inputs: dict[str, Any] | None,
    progress: Progress,
) -> Trained:
    """`inputs`: of a new run, whose folder is made once all that it needs is there; None resumes one."""
    torch.manual_seed(config.seed)
    testing = load_testing(workspace, config, progress)
    if config.explain:
        samples, images, trainee = stream_trainee(workspace, config, progress=progress)
    else:
        samples, images, kept_out = load_training(workspace, config, progress=progress)
        trainee = maker(config, trained=False)(config, samples.n_ids)
        trainee = replace(trainee, facts={**trainee.facts, **as_fact(kept_out)})
    if said := str(getattr(trainee.model, "loaded", None) or ""):
        progress.note(said)
    config = with_fc(config, trainee.model)
    training = Training(trainee, config, device=device, world=world, progress=progress)
    backbone = trainee.model.backbone
    feed = Batches(
        samples, images, data=config.data, augment=config.augment, mean=backbone.mean, std=backbone.std,
        seed=config.seed, device=device, rank=world.rank, world=world.size,
        channels_last=training.network.channels_last,
    )  # fmt: skip
    if inputs is None:
        _restore(run, training, progress)
    else:
        if world.first:
            begin(run, config, inputs)
        torch.manual_seed(config.seed + world.rank)  # so that ranks drop different paths
    keeper = RunKeeper(run, trainee.facts, _judges(workspace, config, trainee, testing, progress), progress)
    try:
        with stopping() as stop:
            fit(training, feed, keeper, stop=stop, progress=progress)
    finally:
        keeper.close()
    if world.first and testing is not None:
        embed_test_part(workspace, run, load_network(run), device=device, progress=progress)
    return _outcome(run, training)


def _judges(
    workspace: Workspace, config: TrainConfig, trainee: Trainee, testing: Judges, progress: Progress
) -> Judges:
    """Whose ranking chooses the best epoch: held-out people where there are any, else the test."""
    if config.explain:
        return None  # a stream ranks as its teacher does, so that no epoch of it could be the best
    people = from_facts(trainee.facts)
    return load_held_out(workspace, people, config, progress) if people else testing


def _restore(run: Run, training: Training, progress: Progress) -> None:
    if not run.state.is_file():
        progress.note(f"the run '{run.name}' has no checkpoint yet: it starts from the beginning")
        cut_log(run.log, 0)
        return
    training.load_state_dict(load_state(run.state))
    position = training.position
    if training.world.first:
        cut_log(run.log, position.log_size)
    progress.note(f"going on after epoch {position.epoch}, batch {position.batch} (step {position.step})")


def _outcome(run: Run, training: Training) -> Trained:
    position = training.position
    kept = position.best_epoch if run.best.is_file() else position.epoch
    rows = [row for row in read_log(run.log) if row["kind"] == "eval" and row["epoch"] == kept]
    return Trained(run, position.epoch, kept, tuple(rows))
