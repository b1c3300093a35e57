"""What the page of a report shows, as the template reads it: 0..1 here, per cent in the page."""

from __future__ import annotations

from dataclasses import dataclass

from agreid_cli.datasets.census import Census
from agreid_cli.datasets.table_one import Published
from agreid_cli.records.explanation import ExplanationResult
from agreid_cli.records.results import Comparison, RankingResult
from agreid_cli.reporting.charts import Chart
from agreid_cli.reporting.thumbnails import Picture


@dataclass(frozen=True)
class Crop:
    """One crop; `picture` is None where its file cannot be shown."""

    crop_id: str
    pid: int | None  # None where nobody knows
    camid: int | None
    platform: str
    picture: Picture | None


@dataclass(frozen=True)
class Neighbour:
    """A place in a ranked list."""

    rank: int
    crop: Crop
    distance: float
    match: bool


@dataclass(frozen=True)
class RankedList:
    """What one system found for a query."""

    system: str
    average_precision: float
    first_hit: int
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True)
class Query:
    """A query with the lists of every system; the first system's figures order the page."""

    crop: Crop
    n_match: int
    lists: tuple[RankedList, ...]


@dataclass(frozen=True)
class Scored:
    """One line of a direction's table."""

    system: str
    result: RankingResult
    against_first: Comparison | None


@dataclass(frozen=True)
class DirectionView:
    """Everything of one direction; `sentences` say what is missing and why."""

    name: str
    says: str
    scored: tuple[Scored, ...]
    scores: Chart
    cmc: Chart
    queries: tuple[Query, ...]
    order: str
    sentences: tuple[str, ...]

    @property
    def fingerprints(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.result.fingerprint for line in self.scored))


@dataclass(frozen=True)
class Fact:
    """A word and its value, for short lists."""

    name: str
    value: str


@dataclass(frozen=True)
class TrainingView:
    """The curves of a run, or the sentence that says why there are none."""

    system: str
    facts: tuple[Fact, ...]
    charts: tuple[Chart, ...]
    sentence: str = ""


@dataclass(frozen=True)
class Configuration:
    """A run's configuration and inputs as they lie on disk."""

    system: str
    config: str
    inputs: str


@dataclass(frozen=True)
class DataView:
    """The census of the workspace, the paper's Table I beside it, and the parts of the split."""

    census: Census
    published: Published
    lines: tuple[tuple[str, str, str], ...]  # words, ours, published
    roles: tuple[tuple[str, str, int, int], ...]  # direction, role, crops, identities


Line = tuple[str, tuple[float, ...]]  # a model and its figures in per cent


@dataclass(frozen=True)
class Ours:
    """A system in the form of the paper's tables.

    `figures` are mAP and Rank-1, aerial to ground and then ground to aerial, in per cent; None where the
    system was not measured in a direction.
    """

    system: str
    model: str
    figures: tuple[float | None, ...]
    reasons: tuple[str, ...]
    explainable: bool = False


@dataclass(frozen=True)
class PaperView:
    """Tables II and III with our lines below."""

    citation: str
    table_two: tuple[Line, ...]
    table_three: tuple[Line, ...]
    remarks: tuple[str, ...]
    ours: tuple[Ours, ...]

    @property
    def verdicts(self) -> list[tuple[list[str], tuple[str, ...]]]:
        """The systems that are as comparable as each other, and why they are not."""
        found: dict[tuple[str, ...], list[str]] = {}
        for line in self.ours:
            found.setdefault(line.reasons, []).append(line.system)
        return [(names, reasons) for reasons, names in found.items()]


@dataclass(frozen=True)
class ExplanationView:
    """What the explainable stream of a run says in one direction, and how well."""

    system: str
    says: str
    result: ExplanationResult
    shares: Chart


@dataclass(frozen=True)
class Explained:
    """A picture that `agreid explain` drew of a pair."""

    name: str
    picture: Picture


@dataclass(frozen=True)
class PicturesView:
    """The pictures of a run, and how many there are in all."""

    system: str
    pictures: tuple[Explained, ...]
    of: int


@dataclass(frozen=True)
class Report:
    """The whole page."""

    title: str
    version: str
    systems: tuple[Fact, ...]  # name and what it is
    directions: tuple[DirectionView, ...]
    training: tuple[TrainingView, ...]
    data: DataView | None
    data_sentence: str
    paper: PaperView
    configurations: tuple[Configuration, ...]
    pictures: int
    missing: int
    notes: tuple[str, ...]
    explanations: tuple[ExplanationView, ...] = ()
    explained: tuple[PicturesView, ...] = ()
