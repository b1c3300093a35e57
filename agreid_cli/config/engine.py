"""`[engine]`: where units of work run. It changes no result, so no record and no run contains it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen

ENGINES = ("local", "ray")


class EngineConfig(Frozen):
    """name: `local` is this process, `ray` is a Ray cluster.

    address: of a running cluster (`auto`, or host:port of its head); empty starts Ray on this machine for the
    length of the command. workers: number of workers; 0 is as many as the cluster's CPUs and GPUs allow.
    cpus, gpus: of one worker; a GPU may be shared (0.5). retries: how often a unit is tried again when its
    worker or node dies. object_store_mb: of a Ray started here. dashboard: of a Ray started here.
    """

    name: Literal["local", "ray"] = "local"
    address: str = ""
    workers: int = Field(0, ge=0)
    cpus: float = Field(1, gt=0)
    gpus: float = Field(0, ge=0)
    retries: int = Field(3, ge=0)
    object_store_mb: int = Field(256, ge=80)
    dashboard: bool = False
