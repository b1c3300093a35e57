"""LATex (Hu et al., 2025): attributes as text for a frozen CLIP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field
from torch import Tensor

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.base import Frozen
from agreid_cli.config.train import TrainConfig
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.tokens import Additions
from agreid_cli.nn.heads.latex import LatexHead
from agreid_cli.nn.model import ReidModel
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.nn.published import Scheme
from agreid_cli.nn.tokens.text import CONTEXT, TextTower
from agreid_cli.nn.tokens.view_text import CLOSING, OPENINGS, ViewText
from agreid_cli.progress import Progress
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.side import NO_SIDE, Side
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.bits import no_attributes, stored_codebook
from agreid_cli.training.facts import Facts, facts_of
from agreid_cli.training.intake import load_training
from agreid_cli.training.methods.clip_towers import HALF, ClipWeights, TextSize, clip_weights, words_of
from agreid_cli.training.methods.common import build, need_both_views, objective_of, resolve
from agreid_cli.training.methods.method import Method, options_of
from agreid_cli.training.objective import Terms, identity_terms
from agreid_cli.training.terms import make_term
from agreid_cli.training.trainee import Data, Trainee

NO_SCHEME = Scheme(marker="$^", rules=())  # no checkpoint of the authors is published


class LatexOptions(Frozen):
    """text: the size of the text tower. words: number of learned tokens that all sentences share.

    train_image: whether the image tower is trained too. The authors describe both forms and do not state
    which one gave their results.
    """

    text: TextSize = TextSize()
    words: int = Field(8, ge=0)
    train_image: bool = False


class LatexFacts(Facts):
    """codebook: JSON, the attribute groups that have a prompt."""

    codebook: str

    @property
    def sizes(self) -> tuple[int, ...]:
        return Codebook.from_json(self.codebook).sizes


class LatexModel(ReidModel):
    """Its head needs the view, which is part of the sentence."""

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"view"})

    def forward(self, images: Tensor, side: Side | None = None, labels: Tensor | None = None) -> HeadOutput:
        output: HeadOutput = self.head(self.backbone(images, side), side or NO_SIDE, labels)
        return output


def prepare(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Data, Trainee]:
    """The training part of the split, which must have both views and attributes, and the network."""
    samples, images, held_out = load_training(workspace, config, progress=progress)
    need_both_views(samples, config.method.name)
    if samples.attrs is None or not samples.attrs.any():
        raise no_attributes("the training part of the split")
    codebook = stored_codebook(read_manifest(workspace.manifest), workspace.manifest)
    if lacking := int((~samples.attrs.any(axis=1)).sum()):
        progress.warn(
            f"{lacking} of {len(samples)} training crops have no attributes; only their identity is learned"
        )
    facts = LatexFacts(**facts_of(samples, held_out).model_dump(), codebook=codebook.to_json())
    model = network(config, facts)
    trainee = Trainee(
        model,
        objective_of(config, terms(config, facts), facts, model),
        facts,
        loaded=model.loaded,
    )
    return Data(samples, images), replace(trainee, frozen=frozen_parts(model, config))


def frozen_parts(model: Any, config: TrainConfig) -> list[Any]:
    """CLIP: the text tower always, the image tower unless it is trained; never the prompts."""
    stem, tail = model.backbone.stem, model.head.tail
    image = [stem.net, stem.first.blocks, tail.late.blocks, tail.norm, model.head.projection]
    return [model.head.tower, *([] if options_of(config, LatexOptions).train_image else image)]


def network(config: TrainConfig, facts: Facts) -> ReidModel:
    """The network that the configuration describes, both towers included."""
    assert isinstance(facts, LatexFacts)
    options = options_of(config, LatexOptions)
    weights: ClipWeights = clip_weights(config)

    def head(backbone: Backbone) -> LatexHead:
        net = weights.tower(options.text)
        text = _sentence(net, n_words=options.words, n_pseudo=len(facts.sizes))
        made = LatexHead(
            backbone, n_ids=facts.n_ids, sizes=facts.sizes, width=options.text.output,
            tower=TextTower(net, causal=False), text=text,
        )  # fmt: skip
        weights.project(made.projection)
        return made

    added = Additions(prompts=len(facts.sizes))
    return build(config, added, head, NO_SCHEME, statistics=HALF, kind=LatexModel, load=weights.into)


def _sentence(net: Any, *, n_words: int, n_pseudo: int) -> ViewText:
    openings = []
    for text in OPENINGS:
        words, numbers = words_of(net, text)
        openings.append(words[: int(numbers.argmax())])  # up to the end token, which has the largest number
    closing = words_of(net, CLOSING)[0][1:]
    return ViewText(openings, closing, n_words=n_words, n_pseudo=n_pseudo, length=CONTEXT)


def terms(config: TrainConfig, facts: Facts) -> Terms:
    """Identity of image and text, and the attributes."""
    assert isinstance(facts, LatexFacts)
    made = identity_terms(config.loss)
    options = {"sizes": facts.sizes, "smoothing": config.loss.label_smoothing}
    made["attributes"] = (1.0, make_term("attributes", options, n_ids=facts.n_ids, width=0))
    return made


METHOD = Method(prepare=prepare, network=network, resolve=resolve, options=LatexOptions, facts=LatexFacts)
