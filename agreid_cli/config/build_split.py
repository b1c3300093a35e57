"""The configuration of `agreid build-split`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agreid_cli.config.base import Frozen


class SplitConfig(Frozen):
    """How identities are divided and queries are chosen.

    The paper uses 1,071 aerial and 962 ground queries of 189 identities: 5.7 and 5.1 per identity and
    camera, which have 43.8 and 22.2 crops on average. `queries_per_camera` is 6: a maximum of 5 cannot reach
    these numbers, and a maximum of 6 gives 5.5 and 5.1 if crop counts are geometrically distributed.
    """

    like: Literal["own", "published"] = "own"  # published: the roles given by the authors of the data set
    seed: Annotated[int, Field(ge=0)] = 0
    train_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.5  # of the identities
    queries_per_camera: Annotated[int, Field(ge=1)] = 6  # maximum per test identity and camera
    directions: tuple[str, ...] = ()  # empty: all that the cameras allow
    junk: Literal["unused", "gallery"] = "unused"  # what becomes of crops with pid -1
    # Identities seen in one view only go to train first, since they cannot be tested. If there are many,
    # almost no identity seen in both views would be left for training; this fraction of those stays in train.
    paired_in_train: Annotated[float, Field(ge=0, lt=1)] = 0.5
