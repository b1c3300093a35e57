"""Compare the counts read with published ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agreid_cli.datasets.rows import Dataset, Layout, Reading, Row, Subset
from agreid_cli.records.manifest import JUNK_PID


@dataclass(frozen=True)
class Found:
    """The counts read in a subset, and the published ones."""

    subset: str
    images: int
    identities: int
    readings: tuple[Reading, ...]

    def agrees(self, reading: Reading) -> bool:
        """Whether every number of the reading equals the one counted."""
        return (reading.images in (None, self.images)) and (reading.identities in (None, self.identities))

    @property
    def expected(self) -> bool:
        """Whether a published reading agrees, or nothing is published."""
        return not self.readings or any(self.agrees(reading) for reading in self.readings)


def compare(dataset: Dataset, layout: Layout, rows: Sequence[Row]) -> list[Found]:
    """One entry per published subset, in order. Junk and distractors are images but not identities."""
    found = []
    for subset in layout.subsets:
        members = [row for row in rows if _belongs(row, subset, dataset)]
        found.append(Found(subset.name, len(members), len(people(dataset, members)), subset.readings))
    return found


def people(dataset: Dataset, rows: Iterable[Row]) -> set[int]:
    """The identities of `rows`."""
    return {row.pid for row in rows if _kind(row, dataset) == "people"}


def _belongs(row: Row, subset: Subset, dataset: Dataset) -> bool:
    return (
        subset.role in row.roles
        and subset.platform in ("", row.platform)
        and subset.kind in ("", _kind(row, dataset))
    )


def _kind(row: Row, dataset: Dataset) -> str:
    if row.pid == JUNK_PID:
        return "junk"
    return "distractors" if row.pid in dataset.distractor_pids else "people"
