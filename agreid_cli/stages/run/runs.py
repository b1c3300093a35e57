"""Runs and their networks: a folder is begun, checked for `--resume`, and its network built from it."""

from __future__ import annotations

import contextlib
import importlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agreid_cli.config.load import difference, from_toml, to_toml
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, MissingError, Problem, UsageError
from agreid_cli.records.files import sha256, write_text
from agreid_cli.records.locks import locked
from agreid_cli.records.run_inputs import read_inputs, write_inputs
from agreid_cli.records.runs import Run

#: What kind of network a configuration asks for → who makes the trainee, and who builds it from a file.
MAKERS = {
    "reid": ("agreid_cli.training.reid:make_trainee", "agreid_cli.training.reid:make_trained"),
    "explain": ("agreid_cli.training.explain:make_trainee", "agreid_cli.training.explain:make_trained"),
}
#: What a run must have been made from to be resumed.
SAME = ("manifest_sha256", "split_sha256")


def maker(config: TrainConfig, *, trained: bool) -> Any:
    """The function for this configuration's kind of network."""
    module, _, name = MAKERS["explain" if config.explain else "reid"][trained].partition(":")
    return getattr(importlib.import_module(module), name)


@contextlib.contextmanager
def held(run: Run, *, first: bool = True) -> Iterator[None]:
    """The run for this process alone; of several ranks the `first` holds it. `UsageError` when taken."""
    if not first:
        yield
        return
    place = run.root.parent
    there = place.is_dir()
    taken = UsageError(
        f"the run '{run.name}' is being trained by another process",
        hint="Wait for it, stop it, or give this one another name: --name NAME",
    )
    with locked(run.lock, taken):
        try:
            yield
        finally:
            if not run.root.exists():  # refused: leave the workspace as it was
                run.lock.unlink(missing_ok=True)
                if not there:
                    with contextlib.suppress(OSError):
                        place.rmdir()


def refuse_existing(run: Run) -> None:
    """`InputError` when there is a run of this name."""
    if run.root.exists() and any(run.root.iterdir()):
        raise InputError(
            f"the run '{run.name}' exists: {run.root}",
            hint="Go on with it: --resume. Replace it: --overwrite. Or give another name: --name NAME",
        )


def begin(run: Run, config: TrainConfig, inputs: Mapping[str, Any]) -> None:
    """Make the folder of a new run, with what it is made from, in place of one of the same name."""
    if run.root.exists():
        shutil.rmtree(run.root)
    write_text(run.config, to_toml(config))
    write_inputs(run.inputs, inputs)


def must_agree(run: Run, config: TrainConfig, inputs: Mapping[str, Any]) -> None:
    """Refuse to resume a run with another configuration or other data, with every difference."""
    if not run.config.is_file():
        raise MissingError(
            f"there is no run '{run.name}' to resume in {run.root.parent}", hint="Start it without --resume."
        )
    ran = stored_config(run)
    if config.model.fc == "auto":  # settled by the weight file when the run began
        config = _with_fc(config, ran.model.fc)
    problems = difference(ran, config)
    before = read_inputs(run.inputs)
    for name in SAME:
        if name in before and before[name] != inputs[name]:
            what = name.removesuffix("_sha256")
            problems.append(Problem(f"{what}.parquet", "has changed since the run began"))
    if problems:
        raise UsageError(
            f"the run '{run.name}' cannot be resumed with another configuration or other data",
            problems=problems,
            hint="Take the words back to resume it, or train anew: --name NAME, or --overwrite",
        )


def stored_config(run: Run) -> TrainConfig:
    """The configuration as the run began."""
    if not run.config.is_file():
        raise MissingError(f"{run.config} does not exist", hint="It is written by: agreid train")
    return from_toml(TrainConfig, run.config.read_text(encoding="utf-8"), str(run.config))


def with_fc(config: TrainConfig, model: Any) -> TrainConfig:
    """The configuration with the width of the fully connected layer that the network was built with."""
    return _with_fc(config, model.backbone.traits.fc)


def _with_fc(config: TrainConfig, fc: int | str) -> TrainConfig:
    return config.model_copy(update={"model": config.model.model_copy(update={"fc": fc})})


def weights_digest(config: TrainConfig) -> str:
    """The digest of the file that training starts from, or the word that stands for it."""
    path = Path(config.model.weights)
    return f"{path} sha256:{sha256(path)}" if path.is_file() else config.model.weights


@dataclass(frozen=True)
class Loaded:
    """The network of a run, on the CPU and in eval mode, and where it comes from."""

    model: Any  # torch's nn.Module with `embed`, `backbone`
    config: TrainConfig
    words: dict[str, str]  # what the weight file says beside the weights
    weights_sha256: str


def load_network(run: Run) -> Loaded:
    """The best weights of a run, or its last where none were validated, in the network they belong to."""
    from agreid_cli.training.checkpoint import load_weights

    if not run.weights.is_file():
        raise MissingError(
            f"the run '{run.name}' has no weights yet: {run.weights} does not exist",
            hint="Train it, or go on with it: agreid train --resume",
        )
    stored = load_weights(run.weights)
    config = from_toml(TrainConfig, stored.words["config"], str(run.weights))
    model = maker(config, trained=True)(config, stored.tensors, stored.words, str(run.weights))
    return Loaded(model.eval(), config, stored.words, sha256(run.weights))
