"""`[train.explain]`: the explainable stream, trained on top of a finished run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agreid_cli.config.base import Frozen, one_or_more


class ExplainConfig(Frozen):
    """Names as in Eq. 1 to 8 of the paper; values as in the authors' code."""

    teacher: str = ""  # a finished run by name or path; empty: the newest with the same network
    K: float = Field(1.0, gt=0)  # Eq. 1: δ(x) = K·(x+1)^T for x ≥ 0, K·e^x below
    T: float = Field(0.5, gt=0, lt=1)
    v: float = Field(0.5, gt=0, le=1)  # t = (M_E/M)^v
    #: The shares that evaluate, explain and search use: those of the parts of the distance (paper), or those
    #: expected from the calibrated attribute probabilities. It does not change training.
    shares: Literal["paper", "expected"] = "paper"
    distance_weight: float = Field(1.0, ge=0)  # weight of L_d
    alpha: float = Field(10.0, ge=0)  # weight of L_p1
    beta: float = Field(100.0, ge=0)  # weight of L_p2
    exclude: Annotated[tuple[str, ...], one_or_more] = ()  # attribute groups to leave out
    ignore_unknown: bool = False  # if true, a group unknown for one crop of a pair is never exclusive
    #: Weights of a bit that a fraction r of the training people has, where it is 1 and where it is 0:
    #: e^(1−r) and e^r (authors), or √((1−r)/r) and √(r/(1−r)) (sqrt), or 1/(2r) and 1/(2(1−r)) (inverse);
    #: the latter two at most 10.
    balance: Literal["authors", "sqrt", "inverse"] = "authors"
    recognition_weight: float = Field(100.0, ge=0)  # weight of the attribute recognition loss
    #: The late stages from which attributes are recognised: separate ones, or those of the maps. In the
    #: latter case the maps also learn from attribute labels.
    recognise_from: Literal["own", "maps"] = "own"
    #: Recognise attributes also from the shape and the position of the crop's box: the groups that boxes
    #: predict, in a cross-validation over the training people, better than the label frequencies do.
    box: bool = False
    reduction: int = Field(8, ge=1)  # the decomposition head has C/8 channels
    #: Initial weights of its late stages: the pretrained weights of the backbone, or the teacher's.
    start: Literal["weights", "teacher"] = "weights"
    #: Fraction of training identities excluded from the stream's training; `evaluate` chooses p on them.
    held_out: float = Field(0.1, ge=0, lt=1)
