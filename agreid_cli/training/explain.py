"""From a finished run to its explainable stream, and the same stream again from a file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError
from agreid_cli.nn.interpreter import Interpreter
from agreid_cli.nn.model import ReidModel, build_model
from agreid_cli.nn.spec import spec_from
from agreid_cli.training.checkpoint import fill
from agreid_cli.training.explain_objective import Bits, ExplainObjective
from agreid_cli.training.network import Trainee
from agreid_cli.training.samples import Samples


def from_starting_weights(config: TrainConfig, trained: ReidModel, n_ids: int) -> ReidModel:
    """The trained network anew, over a backbone from which tails with its starting weights can be cut.

    A network that is read from a run has its trained weights alone.
    """
    model = build_model(spec_from(config.model, config.loss), n_ids)
    fill(model, trained.state_dict(), "the run that is explained")
    return model.eval()


def make_trainee(
    config: TrainConfig,
    teacher: ReidModel,
    bits: Bits,
    samples: Samples,
    facts: Mapping[str, str],
) -> Trainee:
    """The stream over `teacher`, and its objective, for training crops that all have attributes.

    `facts` says of which run the teacher is, and how many identities its classifier knows.
    """
    assert samples.attrs is not None
    people = np.unique(samples.pid, return_index=True)[1]
    rates = bits.take(samples.attrs)[people].mean(axis=0)
    stream = _over(teacher, config, bits.codebook.n_bits)
    words = {**facts, "codebook": bits.codebook.to_json()}
    assert config.explain is not None
    return Trainee(stream, ExplainObjective(config.explain, bits, rates), [], words)


def make_trained(
    config: TrainConfig, tensors: Mapping[str, Tensor], facts: Mapping[str, str], source: str
) -> Interpreter:
    """The stream of a weight file, teacher included; `InputError` for a file of another network."""
    blank = config.model_copy(update={"model": config.model.model_copy(update={"weights": "none"})})
    try:
        n_bits, n_ids = Codebook.from_json(facts["codebook"]).n_bits, int(facts["n_ids"])
    except (KeyError, ValueError) as error:
        raise InputError(f"{source} holds no explainable stream") from error
    stream = _over(build_model(spec_from(blank.model, blank.loss), n_ids), blank, n_bits)
    fill(stream, tensors, source)
    return stream


def _over(teacher: ReidModel, config: TrainConfig, n_bits: int) -> Interpreter:
    explain = config.explain
    assert explain is not None
    return Interpreter(
        teacher, n_bits=n_bits, scale=explain.K, growth=explain.T, from_teacher=explain.start == "teacher",
        shared=explain.recognise_from == "maps", reduction=explain.reduction,
    )  # fmt: skip
