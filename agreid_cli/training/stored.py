"""The configuration with which a run started. Importing it does not load torch."""

from __future__ import annotations

from agreid_cli.config.load import from_toml
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import MissingError
from agreid_cli.records.runs import Run


def stored_config(run: Run) -> TrainConfig:
    """The configuration with which the run started."""
    if not run.config.is_file():
        raise MissingError(f"{run.config} does not exist", hint="It is written by: agreid train")
    return from_toml(TrainConfig, run.config.read_text(encoding="utf-8"), str(run.config))


def with_fc(config: TrainConfig, fc: int | str) -> TrainConfig:
    """The configuration with this width of the fully connected layer; `auto`: as in the weight file."""
    return config.model_copy(update={"model": config.model.model_copy(update={"fc": fc})})
