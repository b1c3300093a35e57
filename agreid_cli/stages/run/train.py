"""Split → Run: train a network and embed the test crops with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import MissingError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.run_inputs import data_digests, run_inputs
from agreid_cli.records.runs import Run, check_run_name
from agreid_cli.records.training_log import cut_log, read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.backends import check_backend
from agreid_cli.stages.run.before import (
    check_directions,
    check_space,
    clear_leftovers,
    say_crowded,
    say_directions,
)
from agreid_cli.stages.run.devices import find_device
from agreid_cli.stages.run.embed import embed_test_part
from agreid_cli.stages.run.keeper import RunKeeper
from agreid_cli.stages.run.ranked import load_held_out, load_testing
from agreid_cli.stages.run.runs import (
    begin,
    extend,
    locked_run,
    must_agree,
    refuse_existing,
    weights_digest,
)
from agreid_cli.training.batches import Batches
from agreid_cli.training.checkpoint import load_state, seed_all
from agreid_cli.training.distributed import World, joined, wait_for_all, world_of_environment
from agreid_cli.training.embed import Crops, SidedCrops
from agreid_cli.training.loop import fit
from agreid_cli.training.methods import method_of
from agreid_cli.training.methods.method import completed
from agreid_cli.training.quickest import decided, is_open
from agreid_cli.training.saved import load_network
from agreid_cli.training.state import Training
from agreid_cli.training.stopping import stopping
from agreid_cli.training.stored import as_decided, stored_config
from agreid_cli.training.trainee import Data, Trainee
from agreid_cli.training.validate import Testing, sided


@dataclass(frozen=True)
class Trained:
    """A finished run. `evals`: the validation results of the epoch that it reports, one per direction."""

    run: Run
    epochs: int
    reported_epoch: int
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
    """Train into `runs/<name>` (default: the recipe's name), alone or as one process of torchrun.

    With `resume` the run continues from its last checkpoint and gives the same result as without
    interruption. Ctrl-C and SIGTERM save after the current step.
    """
    world = world_of_environment()
    target = torch.device(find_device(device, local=world.local))
    check_backend(config.validation.backend, target)
    if target.type == "cuda":
        torch.cuda.set_device(target)
    run = Run(workspace.runs / check_run_name(config.recipe or "train" if name is None else name))
    check_directions(config.validation.directions)
    method = method_of(config)
    config = completed(config, method)
    if resume and run.config.is_file():
        config = as_decided(config, stored_config(run))
    with joined(world, target), locked_run(run, first=world.first):
        config = method.resolve(workspace, config, run)
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
    """Check everything before the first crop is read; returns the inputs of the run."""
    for path, made_by in ((workspace.manifest, "build-manifest"), (workspace.split, "build-split")):
        if not path.is_file():
            raise MissingError(f"{path} does not exist", hint=f"Create it with: agreid {made_by}")
    inputs = run_inputs({**data_digests(workspace), "pretrained": weights_digest(config)})
    clear_leftovers(run)
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
    """`inputs`: of a new run, whose folder is created once everything it needs exists; None resumes one."""
    seed_all(config.seed)
    testing = load_testing(workspace, config, progress)
    data, trainee = method_of(config).prepare(workspace, config, progress)
    resumed = inputs is None and run.state.is_file()
    if not resumed and (said := str(trainee.loaded or "")):
        progress.note(said)
    config = trainee.config or config
    say_crowded(device, progress)
    if is_open(config):
        config = decided(
            config, trainee, lambda: batches_of(config, data, trainee, device, world).first(), device=device,
            progress=progress,
        )  # fmt: skip
    training = Training(trainee, config, device=device, world=world, progress=progress)
    if config.validation.backend == "onnxruntime" and (training.precision.name != "fp32" or world.many):
        progress.note("validation runs in torch: onnxruntime is for fp32 and one process")
    model: Any = trainee.model
    feed = batches_of(config, data, trainee, device, world)
    judges = _judges(workspace, run, config, trainee, testing, progress)
    say_directions(judges[0] if judges else None, config.validation.directions, progress)
    if world.first:
        check_space(run, training, embedded=_embedded(testing, model))
    if inputs is None and world.first:
        extend(run, config, progress)
    restored = inputs is None and _restore(run, training, progress)
    if inputs is not None and world.first:
        begin(run, config, inputs)
    if not restored:
        seed_all(config.seed + world.rank)  # so that ranks drop different paths
    keeper = RunKeeper(run, trainee.facts, judges, progress)
    if trainee.first and not restored:
        trainee.first(training)
        keeper.save(training)
    try:
        with stopping() as stop:
            fit(training, feed, keeper, stop=stop, progress=progress)
    finally:
        keeper.close()
    if world.first and testing is not None:
        embed_test_part(workspace, run, load_network(run), device=device, progress=progress)
    return _outcome(run, training)


def batches_of(
    config: TrainConfig, data: Data, trainee: Trainee, device: torch.device, world: World
) -> Batches:
    """The batches of a run; `channels_last=auto` that is not decided yet is yes."""
    model: Any = trainee.model
    return Batches(
        data.samples, data.images, data=config.data, augment=config.augment, mean=model.mean, std=model.std,
        cameras=trainee.facts.cameras, seed=config.seed, device=device, rank=world.rank, world=world.size,
        channels_last=bool(config.model.channels_last),
    )  # fmt: skip


def _judges(
    workspace: Workspace,
    run: Run,
    config: TrainConfig,
    trainee: Trainee,
    testing: tuple[Testing, Crops] | None,
    progress: Progress,
) -> tuple[Testing, SidedCrops] | None:
    """The crops ranked during training: held-out people if there are any, else the test part.

    The side information of these and of the test crops embedded at the end is checked here.
    """
    facts = trainee.facts
    ask: dict[str, Any] = {"needs": trainee.model.needs, "facts": facts, "run": run.name}
    tested = (testing[0], sided(*testing, **ask)) if testing else None
    if not method_of(config).ranked:
        return None
    if not facts.held_out:
        return tested
    held_out = load_held_out(workspace, facts.held_out, config, progress)
    return (held_out[0], sided(*held_out, **ask)) if held_out else None


def _embedded(testing: tuple[Testing, Crops] | None, model: Any) -> int:
    """The approximate size in bytes of the test crops' embeddings."""
    width = getattr(getattr(model, "head", None), "embedding_dim", 2048)
    return 4 * width * len(testing[0].crop_id) if testing else 0


def _restore(run: Run, training: Training, progress: Progress) -> bool:
    """Return whether there was a checkpoint to continue from."""
    if not run.state.is_file():
        progress.note(f"the run '{run.name}' has no checkpoint yet: starting from the beginning")
        cut_log(run.log, 0)
        return False
    training.load_state_dict(load_state(run.state))
    position = training.position
    if training.world.first:
        cut_log(run.log, position.log_size)
    progress.note(f"continuing after epoch {position.epoch}, batch {position.batch} (step {position.step})")
    return True


def _outcome(run: Run, training: Training) -> Trained:
    position = training.position
    kept = position.epoch if run.weights == run.last else position.best_epoch
    rows = [row for row in read_log(run.log) if row["kind"] == "eval" and row["epoch"] == kept]
    return Trained(run, position.epoch, kept, tuple(rows))
