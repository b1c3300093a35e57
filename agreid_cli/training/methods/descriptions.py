"""Stage 1 of CLIP-ReID: with CLIP frozen, learn the four tokens of each identity's description."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from agreid_cli.config.base import Frozen
from agreid_cli.config.train import TrainConfig
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.losses.contrast import contrast
from agreid_cli.nn.tokens.text import Descriptions, TextTower
from agreid_cli.progress import Progress
from agreid_cli.training.ema import Ema
from agreid_cli.training.methods.clip_towers import TextSize, clip_weights, words_of
from agreid_cli.training.trainee import Data

OPENING, TEXT = 5, "A photo of a X X X X person."
WORDS = 4


class Stage1(Frozen):
    """epochs, batch, lr, weight_decay: of Adam on the tokens.

    The rate is linear from `warmup_lr` for `warmup_epochs` and then follows a cosine to `final_lr` by epoch.
    """

    epochs: int = Field(120, ge=1)
    batch: int = Field(64, ge=2)
    lr: float = Field(3.5e-4, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    final_lr: float = Field(1e-6, ge=0)
    warmup_epochs: int = Field(5, ge=0)
    warmup_lr: float = Field(1e-5, ge=0)

    def rate(self, epoch: int) -> float:
        """The rate of an epoch, counted from 0."""
        if epoch < self.warmup_epochs:
            return self.warmup_lr + (self.lr - self.warmup_lr) * epoch / self.warmup_epochs
        half = (1 + math.cos(math.pi * epoch / self.epochs)) / 2
        return self.final_lr + (self.lr - self.final_lr) * half


def learn_descriptions(
    data: Data, config: TrainConfig, stage: Stage1, size: TextSize, training: Any, *, progress: Progress
) -> None:
    """Fill `head.descriptions` of the network being trained: n_ids×D, the texts of all identities.

    Images are embedded once, without augmentation and without side information (CLIP-ReID §3.2). Every rank
    does the same with the same random numbers, so that all have equal descriptions.
    """
    model, device = training.network.model, training.device
    net = clip_weights(config).tower(size)
    words, _ = words_of(net, TEXT)
    descriptions = Descriptions(data.samples.n_ids, words[None, :OPENING], words[None, OPENING + WORDS :])
    generator = torch.Generator().manual_seed(config.seed)
    with torch.no_grad():
        descriptions.words.normal_(std=0.02, generator=generator)
    descriptions, tower = descriptions.to(device), TextTower(net).to(device).requires_grad_(False).eval()
    features = _image_features(model, data, config, device, progress)
    labels = torch.from_numpy(data.samples.label).to(device)
    optimiser = torch.optim.Adam([descriptions.words], lr=stage.lr, weight_decay=stage.weight_decay)
    with progress.task("learning descriptions", stage.epochs, "epochs") as task:
        for epoch in range(stage.epochs):
            for group in optimiser.param_groups:
                group["lr"] = stage.rate(epoch)
            loss = torch.zeros((), device=device)
            order = torch.randperm(len(labels), generator=generator).to(device)
            for rows in order.split(stage.batch):
                with training.precision.autocast():
                    texts = tower(descriptions(labels[rows]), descriptions.end)
                loss = contrast(features[rows], texts, labels[rows]) + contrast(
                    texts, features[rows], labels[rows]
                )
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
            task.advance(1, loss=f"{float(loss.detach()):.3f}")
    with torch.no_grad():
        every = torch.arange(data.samples.n_ids, device=device)
        texts = torch.cat([tower(descriptions(rows), descriptions.end) for rows in every.split(stage.batch)])
        model.head.descriptions.copy_(texts)
    if training.ema:  # the average starts from the descriptions, which do not change again
        training.ema = Ema(model, config.ema)


def _image_features(
    model: Any, data: Data, config: TrainConfig, device: torch.device, progress: Progress
) -> Tensor:
    """n×D: the projected class token of every training crop, without augmentation or side information."""
    encoder = Encoder(model, size=config.model.size, device=device)
    table, model.backbone.stem.table = model.backbone.stem.table, None
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    rows = []
    try:
        with (
            torch.inference_mode(),
            progress.task("embedding for stage 1", len(data.samples), "crops") as task,
        ):
            for start in range(0, len(data.samples), config.validation.batch):
                pixels = np.asarray(data.images[start : start + config.validation.batch])
                hidden = model.backbone.stem(encoder.images(pixels))
                rows.append(model.head(hidden).embedding[:, -model.head.projection.out_features :].float())
                task.advance(len(pixels))
    finally:
        model.backbone.stem.table = table
        for module, mode in modes:
            module.training = mode
    return torch.cat(rows).clone()
