"""Facts stored with the weights of a run, needed to rebuild the network and to feed it correctly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BeforeValidator, Field, ValidationError

from agreid_cli.config.base import Frozen
from agreid_cli.errors import InputError
from agreid_cli.records.side import VIEWS
from agreid_cli.training.samples import Samples

#: The metadata entry of a weight file that contains the facts, as JSON.
KEY = "facts"
F = TypeVar("F", bound="Facts")


def _numbers(value: Any) -> Any:
    return tuple(value.split()) if isinstance(value, str) else value


class Facts(Frozen):
    """A method that must store more subclasses it and names the subclass in its `Method`.

    n_ids: the number of identities of the classifiers. cameras: the camids of training in ascending order;
    the index of a camera is its row in an embedding table. views: those of `VIEWS` seen in training.
    held_out: the training pids excluded from training.
    """

    n_ids: int = Field(ge=1)
    cameras: tuple[int, ...] = ()
    views: tuple[str, ...] = ()
    held_out: Annotated[tuple[int, ...], BeforeValidator(_numbers)] = ()


def facts_of(samples: Samples, held_out: np.ndarray) -> Facts:
    """The facts for the crops used for training, and the held-out pids."""
    return Facts(
        n_ids=samples.n_ids,
        cameras=tuple(np.unique(samples.camid).tolist()),
        views=tuple(VIEWS[view] for view in np.unique(samples.view).tolist()),
        held_out=tuple(held_out.tolist()),
    )


def as_metadata(facts: Facts) -> dict[str, str]:
    """The facts as a metadata entry of a weight file."""
    return {KEY: facts.model_dump_json()}


def read_facts(kind: type[F], metadata: Mapping[str, str], source: str) -> F:
    """The facts of a weight file; `InputError` if one is missing.

    Files of agreid 0.1 have one entry per fact instead.
    """
    try:
        if KEY in metadata:
            return kind.model_validate_json(metadata[KEY])
        return kind.model_validate({name: metadata[name] for name in kind.model_fields if name in metadata})
    except ValidationError as error:
        names = ", ".join(".".join(map(str, item["loc"])) or "valid JSON" for item in error.errors())
        raise InputError(
            f"{source} lacks data that this network needs: {names}",
            hint="It was written by another method or another program; train again.",
        ) from error
