"""The configuration of `agreid build-split`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agreid_cli.config.base import Frozen


class SplitConfig(Frozen):
    """How identities are divided and queries chosen.

    The paper asks with 1,071 aerial and 962 ground crops of 189 identities: 5.7 and 5.1 for each identity
    and camera, which has 43.8 and 22.2 crops in the mean. `queries_per_camera` is 6, because 5 at most
    cannot reach that, and 6 at most gives 5.5 and 5.1 where numbers of crops fall off geometrically.
    """

    like: Literal["own", "published"] = "own"  # published: the roles that the authors of the data give
    seed: Annotated[int, Field(ge=0)] = 0
    train_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.5  # of the identities
    queries_per_camera: Annotated[int, Field(ge=1)] = 6  # at most, for each test identity and camera
    directions: tuple[str, ...] = ()  # empty: all that the cameras allow
    junk: Literal["unused", "gallery"] = "unused"  # where crops with pid -1 go
    # Identities that one view alone has seen are trained on first, since they cannot be tested. Where
    # there are many, hardly a pair across the views is left for training; this part of them is kept.
    paired_in_train: Annotated[float, Field(ge=0, lt=1)] = 0.5
