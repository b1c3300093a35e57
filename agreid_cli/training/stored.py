"""The configuration with which a run started. Importing it does not load torch."""

from __future__ import annotations

from agreid_cli.config.load import from_toml
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import MissingError
from agreid_cli.records.runs import Run


def stored_config(run: Run) -> TrainConfig:
    """The configuration with which the run started.

    `precision=auto` of runs that began before it meant a timed choice is `mixed`, as it is called now; newer
    runs store what was chosen.
    """
    if not run.config.is_file():
        raise MissingError(f"{run.config} does not exist", hint="It is written by: agreid train")
    found = from_toml(TrainConfig, run.config.read_text(encoding="utf-8"), str(run.config))
    return found.model_copy(update={"precision": "mixed"}) if found.precision == "auto" else found


def as_decided(config: TrainConfig, ran: TrainConfig) -> TrainConfig:
    """The configuration with what was left open, `auto`, as it was decided when the run `ran` started."""
    model = {
        name: getattr(ran.model, name)
        for name in ("fc", "channels_last")
        if getattr(config.model, name) == "auto"
    }
    precision = ran.precision if config.precision == "auto" else config.precision
    return config.model_copy(update={"model": config.model.model_copy(update=model), "precision": precision})


def with_fc(config: TrainConfig, fc: int | str) -> TrainConfig:
    """The configuration with this width of the fully connected layer; `auto`: as in the weight file."""
    return config.model_copy(update={"model": config.model.model_copy(update={"fc": fc})})
