"""A method as a contributor would add it: one file, and one line in the table of methods.

A transformer with a table of camera embeddings, a view token with a classifier of its own, and a loss term
that has a parameter.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.config.base import Frozen
from agreid_cli.config.train import TrainConfig
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.heads.classifiers import Linear, make_neck
from agreid_cli.nn.outputs import FeatureMap, HeadOutput, Logits, Metric
from agreid_cli.progress import Progress
from agreid_cli.records.side import Side
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.batch import Batch
from agreid_cli.training.facts import Facts, facts_of
from agreid_cli.training.intake import load_training
from agreid_cli.training.methods.method import Method, options_of
from agreid_cli.training.objective import Objective, terms_of
from agreid_cli.training.trainee import Data, Group, Trainee


class Options(Frozen):
    view_weight: float = 0.5
    apart: float = 0.1


class Toy(nn.Module):
    needs = frozenset({"camera", "view"})

    def __init__(self, backbone: Backbone, facts: Facts, options: Options) -> None:
        super().__init__()
        width = backbone.channels
        self.backbone, self.tail, self.options = backbone, backbone.make_tail(), options
        self.mean, self.std = backbone.mean, backbone.std
        self.cameras = nn.Embedding(len(facts.cameras), width)
        self.views = nn.Embedding(2, width)
        self.neck = make_neck(width)
        self.classifier, self.view_head = Linear(width, facts.n_ids), nn.Linear(width, 2)

    def forward(self, images: Tensor, side: Side | None = None, labels: Tensor | None = None) -> HeadOutput:
        assert side is not None
        assert side.camera is not None
        assert side.view is not None
        hidden = self.backbone(images) + self.cameras(side.camera)[:, None]
        tokens = torch.cat([hidden, self.views(side.view)[:, None]], dim=1)
        tokens = self.tail.norm(self.tail.blocks(tokens))
        map_ = FeatureMap(tokens[:, 1:-1].mT, {"class": tokens[:, 0], "view": tokens[:, -1]})
        person, view = map_.tokens["class"].float(), map_.tokens["view"].float()
        after = self.neck(person)
        logits = () if labels is None else (
            Logits(self.classifier(after, labels)),
            Logits(self.view_head(view), self.options.view_weight, target=side.view),
        )  # fmt: skip
        return HeadOutput(after, logits, (Metric(person),), {"person": person, "view": view})

    def embed(self, images: Tensor, side: Side | None = None) -> Tensor:
        return self(images, side).embedding


class Apart(nn.Module):
    """e^(−s)·mean |cos| + s: s is learned."""

    def __init__(self) -> None:
        super().__init__()
        self.s = nn.Parameter(torch.zeros(()))

    def forward(self, out: HeadOutput, batch: Batch) -> Tensor:
        cosine = nn.functional.cosine_similarity(out.extra["person"], out.extra["view"])
        return torch.exp(-self.s) * cosine.abs().mean() + self.s


def network(config: TrainConfig, facts: Facts) -> Toy:
    backbone = make_backbone(config.model.backbone, size=config.model.size)
    return Toy(backbone, facts, options_of(config, Options))


def prepare(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Data, Trainee]:
    samples, images, held_out = load_training(workspace, config, progress=progress)
    facts = facts_of(samples, held_out)
    model, options = network(config, facts), options_of(config, Options)
    terms = terms_of(config.loss, n_ids=facts.n_ids, width=model.backbone.channels)
    objective = Objective({**terms, "apart": (options.apart, Apart())})
    groups = [Group(model.cameras.parameters(), lr_factor=2.0, weight_decay=0.0)]
    trainee = Trainee(model, objective, facts, backbone=[model.backbone, model.tail], groups=groups)
    return Data(samples, images), trainee


METHOD = Method(prepare=prepare, network=network, options=Options)
