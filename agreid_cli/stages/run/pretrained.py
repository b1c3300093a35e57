"""Use pretrained weights in place of a run: a weight file or a backbone's ImageNet weights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.assets import asset
from agreid_cli.config.model import ModelConfig
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import MissingError, UsageError
from agreid_cli.nn import shipped
from agreid_cli.nn.backbones import BACKBONES, TIMM
from agreid_cli.nn.weights import NONE, PRETRAINED
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import sha256
from agreid_cli.training.facts import Facts
from agreid_cli.training.methods import method_of
from agreid_cli.training.saved import Loaded

SIZE = (256, 128)


@dataclass(frozen=True)
class Pretrained:
    """Weights to embed with in place of a run.

    weights: a .safetensors, .pth or .pt file; `imagenet`; `shipped`; or `timm:NAME`, which is that backbone
    with its usual weights. backbone: of the file; by default derived from its name, as in
    osnet_x0_25_msmt17.pt. size: (height, width) of the input; by default 256 × 128, and for `shipped` the
    size that it was trained at.
    """

    weights: str
    backbone: str | None = None
    size: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """The name used in files and messages."""
        word = self.backbone or self.weights if self.weights in PRETRAINED else self.weights
        return word.replace(":", "-") if word.startswith(TIMM) else Path(word).stem

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.size or (shipped.SIZE if self.weights == shipped.NAME else SIZE)


def pretrained_network(given: Pretrained, *, progress: Progress = SILENT) -> Loaded:
    """The network; it embeds by its pooled features, without a neck, which only training would fit.

    Raises `MissingError`, `UsageError` or `InputError` that says what does not fit.
    """
    backbone, weights = _named(given)
    token = "token" if backbone.startswith("vit-") else "avg"
    model = ModelConfig(
        backbone=backbone, weights=weights, size=given.input_size, pool=token, embedding="before"
    )
    config, facts = TrainConfig(model=model), Facts(n_ids=1)
    network = method_of(config).network(config, facts)
    progress.note(str(network.loaded))
    path = asset(shipped.FILE) if weights == shipped.NAME else Path(weights)
    digest = sha256(path) if path.is_file() else network.loaded.source
    return Loaded(network.eval(), config, facts, "none", "none", digest)


def _named(given: Pretrained) -> tuple[str, str]:
    """The backbone and `model.weights`."""
    weights, backbone = given.weights, given.backbone
    if weights == NONE:
        raise UsageError(
            "--weights none would embed with random weights", hint="Give a weight file, or imagenet."
        )
    if weights.startswith(TIMM):
        if backbone not in (None, weights):
            raise UsageError(f"--weights {weights} already names a backbone", hint="Omit --backbone.")
        return weights, PRETRAINED[0]
    if weights == shipped.NAME:
        return backbone or shipped.BACKBONE, weights
    path = Path(weights)
    if weights not in PRETRAINED and not path.is_file():
        raise MissingError(
            f"the weights {weights} do not exist",
            hint="Give a file, shipped, imagenet with --backbone, or timm:NAME, as in timm:mobilenetv2_100.",
        )
    name = backbone or named_by(path)
    if name is None:
        raise UsageError(
            f"{path.name} does not say which backbone its weights are for",
            hint=f"Name it: --backbone {', '.join(BACKBONES)} or {TIMM}NAME",
        )
    return name, weights


def named_by(path: Path) -> str | None:
    """The longest backbone name that occurs in a file's name.

    >>> named_by(Path("osnet_ibn_x1_0_msmt17.pth")), named_by(Path("mine.pt"))
    ('osnet-ibn-x1.0', None)
    """
    plain = re.sub(r"[-. ]", "_", path.stem.lower())
    found = [name for name in BACKBONES if re.sub(r"[-.]", "_", name) in plain]
    return max(found, key=len, default=None)
