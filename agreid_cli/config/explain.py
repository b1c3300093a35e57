"""`[train.explain]`: the explainable stream, trained beside a finished run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agreid_cli.config.base import Frozen, one_or_more


class ExplainConfig(Frozen):
    """Names as in the paper's Eq. 1 to 8; the values are those of the authors' code."""

    teacher: str = ""  # the finished run: runs/bot-vit, or its name; empty: the newest with the same network
    K: float = Field(1.0, gt=0)  # Eq. 1: δ(x) = K·(x+1)^T for x ≥ 0, K·e^x below
    T: float = Field(0.5, gt=0, lt=1)
    v: float = Field(0.5, gt=0, le=1)  # t = (M_E/M)^v
    distance_weight: float = Field(1.0, ge=0)  # of L_d
    alpha: float = Field(10.0, ge=0)  # of L_p1
    beta: float = Field(100.0, ge=0)  # of L_p2
    exclude: Annotated[tuple[str, ...], one_or_more] = ()  # attribute groups that are left out
    ignore_unknown: bool = False  # a group that is unknown for one of a pair is never exclusive
    recognition_weight: float = Field(100.0, ge=0)  # of the stream that recognises attributes
    #: The late stages that attributes are recognised from: their own, or those of the maps, which then learn
    #: from it what an attribute looks like.
    recognise_from: Literal["own", "maps"] = "own"
    reduction: int = Field(8, ge=1)  # the decomposition head is C/8 channels wide
    #: What its own late stages begin as: the backbone's starting weights, or the teacher's trained ones.
    start: Literal["weights", "teacher"] = "weights"
    #: Share of the training identities that the stream does not see: `evaluate` chooses its p on them.
    held_out: float = Field(0.1, ge=0, lt=1)
