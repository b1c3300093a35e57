"""VDT (Zhang et al., CVPR 2024): a view token that removes view information from the class token."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen
from agreid_cli.config.train import TrainConfig
from agreid_cli.nn.backbones.tokens import Additions
from agreid_cli.nn.heads.view_free import VdtHead
from agreid_cli.nn.model import ReidModel
from agreid_cli.nn.schemes import VDT
from agreid_cli.progress import Progress
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.facts import Facts
from agreid_cli.training.methods.common import build, fastreid_terms, prepared, resolve
from agreid_cli.training.methods.method import Method, options_of
from agreid_cli.training.objective import Terms
from agreid_cli.training.trainee import Data, Trainee


class VdtOptions(Frozen):
    """stride: of the patches in pixels; 0: the patch size, without overlap.

    view_weight: λ, the weight of the view's cross-entropy and of orthogonality. neck_twice: in training, also
    update the identity neck's statistics with the class token before the last subtraction, as the authors'
    code does.
    """

    stride: int = Field(0, ge=0)
    view_weight: float = Field(0.001, ge=0)
    neck_twice: bool = True


def prepare(workspace: Workspace, config: TrainConfig, progress: Progress) -> tuple[Data, Trainee]:
    """The training part of the split, of both views, and the network with its pretrained weights."""
    return prepared(workspace, config, progress, network=network, terms=terms, both_views=True)


def network(config: TrainConfig, facts: Facts) -> ReidModel:
    """The network that the configuration describes."""
    options = options_of(config, VdtOptions)
    return build(
        config,
        Additions(stride=options.stride or None, view_token=True, subtract=True),
        lambda backbone: VdtHead(backbone, n_ids=facts.n_ids, neck_twice=options.neck_twice),
        VDT,
    )


def terms(config: TrainConfig, facts: Facts) -> Terms:
    """Identity, view and orthogonality."""
    return fastreid_terms(config, options_of(config, VdtOptions).view_weight)


METHOD = Method(prepare=prepare, network=network, resolve=resolve, options=VdtOptions)
