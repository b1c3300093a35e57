"""Units of work that a stage passes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from agreid_cli.errors import AgreidError
from agreid_cli.progress import Progress

T = TypeVar("T")

#: Work on one unit. It is opened once a worker, so that networks are loaded once.
Work = Callable[[Any, Progress], Any]


@dataclass(frozen=True)
class Unit(Generic[T]):
    """A name for messages, unique in one call, and what to work on, which can be sent to another process."""

    name: str
    what: T


@dataclass(frozen=True)
class Failure:
    """A unit that failed on its data, or whose workers died."""

    name: str
    error: AgreidError
