"""Units of work that a stage passes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from agreid_cli.errors import AgreidError
from agreid_cli.progress import Progress

T = TypeVar("T")

#: A function that processes one unit. It is created once per worker, so that networks are loaded once.
Work = Callable[[Any, Progress], Any]


@dataclass(frozen=True)
class Unit(Generic[T]):
    """A name, unique in one call, and a picklable description of what to process."""

    name: str
    what: T


@dataclass(frozen=True)
class Failure:
    """A unit that raised an error, or whose workers died."""

    name: str
    error: AgreidError
