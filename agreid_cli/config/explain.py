"""`[train.explain]`: the explainable stream, trained beside a finished run."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class ExplainConfig(Frozen):
    """Names as in the paper's Eq. 1 to 8; the values are those of the authors' code."""

    teacher: str = ""  # the finished run: runs/bot-vit, or its name; empty: the newest with the same network
    K: float = Field(1.0, gt=0)  # Eq. 1: δ(x) = K·(x+1)^T for x ≥ 0, K·e^x below
    T: float = Field(0.5, gt=0, lt=1)
    v: float = Field(0.5, gt=0, le=1)  # t = (M_E/M)^v
    distance_weight: float = Field(1.0, ge=0)  # of L_d
    alpha: float = Field(10.0, ge=0)  # of L_p1
    beta: float = Field(100.0, ge=0)  # of L_p2
    exclude: tuple[str, ...] = ()  # attribute groups that are left out
    ignore_unknown: bool = False  # "unknown" bits count neither as common nor as exclusive
