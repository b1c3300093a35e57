"""CLIP weights for CLIP-ReID and LATex: one file or one download contains the image and the text tower."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.config.base import Frozen
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.nn.backbones.backbone import Backbone, Three
from agreid_cli.nn.schemes import CLIP_REID, timm_names
from agreid_cli.nn.tokens.text import VOCABULARY, no_open_clip, text_network, tokens_of
from agreid_cli.nn.weight_files import read_weights
from agreid_cli.nn.weights import NONE, WeightReport, copy_matching

#: `model.weights=openai` loads OpenAI's weights of this network through open_clip, from its cache or its hub.
DOWNLOAD, NETWORK = "openai", "ViT-B-16-quickgelu"
#: CLIP-ReID and LATex normalise images with these values, not with CLIP's own statistics.
HALF: Three = (0.5, 0.5, 0.5)


class TextSize(Frozen):
    """Size of the text tower; defaults: ViT-B/16. output: width of the space shared with images."""

    width: int = 512
    heads: int = 8
    layers: int = 12
    output: int = 512


@dataclass(frozen=True)
class ClipWeights:
    """Weights by OpenAI's names. `visual` has timm's names; empty if the network is randomly initialised."""

    source: str
    visual: dict[str, Tensor]
    text: dict[str, Tensor]

    def into(self, backbone: Backbone) -> WeightReport:
        """Copy the image tower into a backbone."""
        if not self.visual:
            return WeightReport(NONE, missing=tuple(backbone.named_weights()))
        return copy_matching(backbone, self.visual, source=self.source)

    def project(self, layer: nn.Linear) -> None:
        """Copy the projection into the shared space."""
        if "head.weight" in self.visual:
            _copy(layer.weight, self.visual["head.weight"], "visual.proj", self.source)

    def tower(self, size: TextSize) -> Any:
        """open_clip's text transformer with these weights, or with random ones."""
        net = text_network(width=size.width, heads=size.heads, layers=size.layers, output=size.output)
        if self.source != NONE:
            try:
                lacking = net.load_state_dict(self.text, strict=False).missing_keys
            except RuntimeError as error:
                raise InputError(
                    f"the text tower of {self.source} has other sizes: {str(error).splitlines()[-1].strip()}",
                    hint="Set method.options.text to its width, heads, layers and output.",
                ) from error
            if lacking:
                raise InputError(
                    f"{self.source} lacks {len(lacking)} tensors of CLIP's text tower, such as {lacking[0]}",
                    hint="Give a file with both towers, as OpenAI publishes them.",
                )
        return net


def clip_weights(config: TrainConfig) -> ClipWeights:
    """What `model.weights` names: none, openai, or a file with OpenAI's names."""
    weights = config.model.weights
    if weights == NONE:
        return ClipWeights(NONE, {}, {})
    state = _downloaded() if weights == DOWNLOAD else read_weights(Path(weights))
    prefix = "visual."
    visual = {name: tensor for name, tensor in timm_names(state, prefix).items() if name.startswith(prefix)}
    if not visual:
        hint = "Give CLIP's own weights, or model.weights=none."
        if CLIP_REID.fits(state):
            hint = (
                "It is a checkpoint of CLIP-ReID, from which no descriptions can be learned: use it with "
                "schedule.epochs=0 or method.options.descriptions=false."
            )
        raise InputError(f"{weights} contains no CLIP image tower (names that start with visual.)", hint=hint)
    known = ("positional_embedding", "text_projection", "token_embedding.", "transformer.", "ln_final.")
    text = {n.removeprefix("text."): t.float() for n, t in state.items()}
    return ClipWeights(
        weights,
        {name.removeprefix(prefix): tensor.float() for name, tensor in visual.items()},
        {name: tensor for name, tensor in text.items() if name.startswith(known)},
    )


def _downloaded() -> dict[str, Tensor]:
    try:
        import open_clip
    except ImportError as error:
        raise no_open_clip() from error
    try:
        return dict(open_clip.create_model(NETWORK, pretrained=DOWNLOAD).state_dict())
    except Exception as error:  # open_clip and its hub raise many types
        raise MissingError(
            f"open_clip could not load OpenAI's weights of {NETWORK}: {error}",
            hint="Download them elsewhere and name the file: --set model.weights=PATH",
        ) from error


def words_of(net: Any, text: str) -> tuple[Tensor, Tensor]:
    """The token embeddings of a sentence, 77×W, and its token ids, 77."""
    numbers = tokens_of(text)[0]
    with torch.no_grad():
        return net.token_embedding(numbers.clamp(max=VOCABULARY - 1)), numbers


def _copy(target: Tensor, source: Tensor, name: str, file: str) -> None:
    if target.shape != source.shape:
        raise InputError(
            f"{file}: {name} is {tuple(source.shape)}, and this network needs {tuple(target.shape)}"
        )
    with torch.no_grad():
        target.copy_(source)
