"""The explainable stream of the paper, trained on top of a finished re-ID run.

Its network contains the frozen run that it explains, and needs the same side information.
"""

from __future__ import annotations

import numpy as np
import torch

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError
from agreid_cli.nn.boxed_groups import fit_selected
from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.model import ReidModel, build_model
from agreid_cli.nn.spec import spec_from
from agreid_cli.progress import Progress
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.runs import place_of, run_at
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.bits import Bits, no_attributes, stored_codebook, uninformative
from agreid_cli.training.checkpoint import restore_weights
from agreid_cli.training.explain_objective import ExplainObjective
from agreid_cli.training.facts import Facts
from agreid_cli.training.held_out import held_out, without
from agreid_cli.training.intake import packed
from agreid_cli.training.methods.explain_teacher import bits_of, with_teacher
from agreid_cli.training.methods.method import Method
from agreid_cli.training.samples import Samples, training_samples
from agreid_cli.training.saved import load_network
from agreid_cli.training.trainee import Data, Trainee


class ExplainFacts(Facts):
    """teacher: the name of the explained run in the workspace; n_ids, cameras and views are the teacher's.

    codebook: JSON, of the bits that have maps. strangers_to_teacher: the teacher has not seen the held-out
    ones either.
    """

    teacher: str = ""
    teacher_sha256: str = ""
    codebook: str
    strangers_to_teacher: bool = False

    @property
    def bits(self) -> Codebook:
        return Codebook.from_json(self.codebook)


def prepare(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Data, Trainee]:
    """The crops for training the stream, and the stream with its teacher.

    Crops without attributes are left out, and so are the people held out for choosing p: those that
    the teacher has not seen either, if it held people out, else a fraction of the teacher's training people.
    """
    assert config.explain is not None
    run = run_at(workspace, config.explain.teacher)
    network = load_network(run)
    model: ReidModel = network.model
    if config.explain.start == "weights":
        model = from_starting_weights(config, model, network.facts.n_ids)
    table = read_manifest(workspace.manifest)
    bits = bits_of(table, workspace, config)
    samples = training_samples(table, read_split(workspace.split, table), workspace.manifest.parent)
    if samples.attrs is None or not samples.attrs.any():
        raise no_attributes("the training part of the split")
    known = samples.attrs.any(axis=1)
    if n := int((~known).sum()):
        progress.warn(f"{n} of {len(samples)} training crops have no attributes and are left out")
    samples = samples.take(np.flatnonzero(known))
    bits = _telling(bits, samples, workspace, config, progress)
    strangers = np.array(network.facts.held_out, np.int64)
    kept_out = strangers if len(strangers) else held_out(samples, config.explain.held_out, config.seed)
    if not len(kept_out) and config.explain.held_out:
        progress.warn("too few training identities to hold any out: evaluate --explain cannot choose its p")
    samples = without(samples, kept_out)
    samples, images = packed(workspace, samples, config, part="stream", progress=progress)
    facts = ExplainFacts(
        **network.facts.model_dump(include=set(Facts.model_fields) - {"held_out"}),
        held_out=tuple(kept_out.tolist()),
        teacher=place_of(workspace, run),
        teacher_sha256=network.weights_sha256,
        codebook=bits.codebook.to_json(),
        strangers_to_teacher=bool(len(strangers)),
    )
    return Data(samples, images), make_trainee(config, model, bits, samples, facts, progress)


def _telling(
    bits: Bits, samples: Samples, workspace: Workspace, config: TrainConfig, progress: Progress
) -> Bits:
    """The bits without groups that tell no two training people apart, which are named."""
    assert samples.attrs is not None
    assert config.explain is not None
    lost = uninformative(bits, samples.attrs)
    if not lost:
        return bits
    words = ", ".join(f"{name} ({why})" for name, why in lost.items())
    if len(lost) == len(bits.codebook.groups):
        raise InputError(
            f"no attribute tells two training people apart: {words}",
            hint="Add labels to attributes.csv, and run agreid build-manifest.",
        )
    progress.warn(f"attribute groups that tell no two training people apart are left out: {words}")
    stored = stored_codebook(read_manifest(workspace.manifest), workspace.manifest)
    return Bits.of(stored, [*config.explain.exclude, *lost])


def make_trainee(
    config: TrainConfig,
    teacher: ReidModel,
    bits: Bits,
    samples: Samples,
    facts: ExplainFacts,
    progress: Progress,
) -> Trainee:
    """The stream with `teacher`, and its objective, for training crops that all have attributes."""
    assert samples.attrs is not None
    assert config.explain is not None
    people = np.unique(samples.pid, return_index=True)[1]
    rates = bits.take(samples.attrs)[people].mean(axis=0)
    stream = _over(teacher, config, bits.codebook.n_bits)
    if stream.boxed is not None:
        assert samples.box is not None
        cues, attributes = torch.from_numpy(samples.box), torch.from_numpy(bits.take(samples.attrs))
        kept = fit_selected(stream.boxed, cues, attributes, samples.pid, bits.codebook.sizes)
        groups = zip(bits.codebook.groups, kept, strict=True)
        words = ", ".join(group.title.lower() for group, selected in groups if selected) or "nothing"
        progress.note(f"attributes predicted from the boxes of crops for people left out of the fit: {words}")
    return Trainee(stream, ExplainObjective(config.explain, bits, rates), facts)


def network(config: TrainConfig, facts: Facts) -> ExplainStream:
    """The stream of a weight file, including its teacher."""
    assert isinstance(facts, ExplainFacts)
    teacher = build_model(spec_from(config.model, config.loss), facts.n_ids)
    return _over(teacher, config, facts.bits.n_bits)


def from_starting_weights(config: TrainConfig, trained: ReidModel, n_ids: int) -> ReidModel:
    """Rebuild the trained network on a backbone that can create tails with its initial weights.

    A network read from a run has only its trained weights.
    """
    model = build_model(spec_from(config.model, config.loss), n_ids)
    restore_weights(model, trained.state_dict(), "the run that is explained")
    model.eval()
    return model


def _over(teacher: ReidModel, config: TrainConfig, n_bits: int) -> ExplainStream:
    explain = config.explain
    assert explain is not None
    return ExplainStream(
        teacher, n_bits=n_bits, scale=explain.K, growth=explain.T, from_teacher=explain.start == "teacher",
        shared=explain.recognise_from == "maps", boxed=explain.box, reduction=explain.reduction,
    )  # fmt: skip


METHOD = Method(
    prepare=prepare,
    network=network,
    resolve=with_teacher,
    facts=ExplainFacts,
    ranked=False,  # a stream ranks like its teacher, so no epoch of it could be the best
    explains=True,
)
