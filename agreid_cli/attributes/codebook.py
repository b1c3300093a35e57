"""The codebook: the attribute groups and the bits of each, in order.

A person has one label per group, so a vector has exactly one 1 in the bits of each group.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

from agreid_cli.errors import InputError, Problems, did_you_mean


@dataclass(frozen=True)
class Group:
    """One attribute. `bits` are its columns in the official file; the last is "unknown".

    `labels[c]` is the label of integer code `c`, and `fold[c]` the bit that it sets; several codes share a
    bit only in `age`.
    """

    name: str
    title: str
    bits: tuple[str, ...]
    labels: tuple[str, ...]
    fold: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.fold) or not all(0 <= b < len(self.bits) for b in self.fold):
            raise InputError(f"codebook: the codes of group {self.name} do not match its bits")

    @property
    def unknown(self) -> int:
        """The index of the unknown bit within the group."""
        return len(self.bits) - 1

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The label of each bit, or the bit's own name if several labels share it."""
        sharing: list[list[str]] = [[] for _ in self.bits]
        for label, at in zip(self.labels, self.fold, strict=True):
            sharing[at].append(label)
        own = [bit.removeprefix(self.name) for bit in self.bits]
        return tuple(s[0] if len(s) == 1 else word for s, word in zip(sharing, own, strict=True))


@dataclass(frozen=True)
class Codebook:
    """The groups in order; everything else is derived from them."""

    groups: tuple[Group, ...]

    def __post_init__(self) -> None:
        if not self.groups:
            raise InputError("codebook: no attribute group is left")
        if len(set(self.bits)) != self.n_bits or len(set(self.names)) != len(self.groups):
            raise InputError("codebook: a group or a bit occurs twice")

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(group.name for group in self.groups)

    @cached_property
    def bits(self) -> tuple[str, ...]:
        return tuple(bit for group in self.groups for bit in group.bits)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(group.bits) for group in self.groups)

    @property
    def n_bits(self) -> int:
        return sum(self.sizes)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The index of the first bit of each group."""
        return (0, *accumulate(self.sizes[:-1]))

    @cached_property
    def unknown_bits(self) -> tuple[int, ...]:
        """The index of each group's unknown bit."""
        return tuple(start + group.unknown for start, group in zip(self.starts, self.groups, strict=True))

    def excluding(self, names: Iterable[str]) -> Codebook:
        """The codebook without these groups; `InputError` names every unknown group."""
        unwanted = [name.strip().lower() for name in names if name.strip()]
        problems = Problems()
        for name in unwanted:
            if name not in self.names:
                problems.add(f"exclude {name}", f"no such attribute group{did_you_mean(name, self.names)}")
        problems.raise_if_any("{n} of the groups to exclude do not exist")
        if set(unwanted) >= set(self.names):
            raise InputError("all attribute groups are excluded; keep at least one")
        return Codebook(tuple(group for group in self.groups if group.name not in unwanted))

    def to_json(self) -> str:
        """One line of JSON, equal for equal codebooks; `from_json` reads it."""
        return json.dumps({"groups": [asdict(group) for group in self.groups]}, separators=(",", ":"))

    @classmethod
    def from_json(cls, stored: str | Mapping[str, Any]) -> Codebook:
        """The codebook from a text of `to_json`, or from the result of `records.manifest.codebook_of`."""
        try:
            tree = json.loads(stored) if isinstance(stored, str) else stored
            groups = tree["groups"]
            return cls(tuple(_group(item) for item in groups))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "the table has no codebook that this agreid can read",
                hint="Create the manifest again with: agreid build-manifest",
            ) from error

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits that differ if groups, bits, labels or folds differ."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:12]


def _group(item: Mapping[str, Any]) -> Group:
    def words(values: Sequence[Any]) -> tuple[str, ...]:
        return tuple(str(value) for value in values)

    fold = tuple(int(at) for at in item["fold"])
    return Group(str(item["name"]), str(item["title"]), words(item["bits"]), words(item["labels"]), fold)
