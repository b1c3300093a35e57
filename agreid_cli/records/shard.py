"""Divide the units of a command among processes that are started side by side (Slurm, xargs)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from agreid_cli.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True)
class Shard:
    """Every n-th unit: shard `number` (from 1) of `of`. Together the shards contain each unit once."""

    number: int
    of: int

    def mine(self, units: Sequence[T]) -> list[T]:
        """The units of this shard, in order.

        >>> Shard(2, 3).mine("abcdefg")
        ['b', 'e']
        """
        return list(units[self.number - 1 :: self.of])

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def shard_of(text: str | None) -> Shard | None:
    """`2/8` as a shard; None stays None. Raises `UsageError` for anything else.

    >>> shard_of("2/8")
    Shard(number=2, of=8)
    """
    if text is None:
        return None
    number, mark, of = text.partition("/")
    if not (mark and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise UsageError(f"--shard {text} is not i/n with i from 1 to n", hint="For example: --shard 1/4")
    return Shard(int(number), int(of))
