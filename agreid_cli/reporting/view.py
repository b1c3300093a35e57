"""The content of the report page, as used by the template: 0..1 here, per cent in the page."""

from __future__ import annotations

from dataclasses import dataclass

from agreid_cli.datasets.census import Census
from agreid_cli.datasets.table_one import Published
from agreid_cli.records.explanation import ExplanationResult
from agreid_cli.records.results import Comparison, RankingResult
from agreid_cli.reporting.charts import Cells, Chart
from agreid_cli.reporting.thumbnails import Picture


@dataclass(frozen=True)
class Crop:
    """One crop; `picture` is None if its file cannot be shown."""

    crop_id: str
    pid: int | None  # None if unknown
    camid: int | None
    platform: str
    picture: Picture | None


@dataclass(frozen=True)
class Neighbour:
    """A position in a ranked list."""

    rank: int
    crop: Crop
    distance: float
    match: bool


@dataclass(frozen=True)
class RankedList:
    """The ranked list of one system for a query."""

    system: str
    average_precision: float
    first_hit: int
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True)
class Query:
    """A query with the lists of every system; the first system's metrics determine the order."""

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
    """All content of one direction; `sentences` say what is missing and why."""

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
    """A name and its value, for short lists."""

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
    """A run's configuration and inputs, verbatim."""

    system: str
    config: str
    inputs: str


@dataclass(frozen=True)
class DataView:
    """The census of the workspace with the paper's Table I, and the sizes of the split."""

    census: Census
    published: Published
    lines: tuple[tuple[str, str, str], ...]  # name, ours, published
    roles: tuple[tuple[str, str, int, int], ...]  # direction, role, crops, identities


Line = tuple[str, tuple[float, ...]]  # a model and its metrics in per cent


@dataclass(frozen=True)
class Ours:
    """A system in the layout of the paper's tables.

    `figures` are mAP and Rank-1, aerial to ground and then ground to aerial, in per cent; None if the
    system was not evaluated in a direction.
    """

    system: str
    model: str
    figures: tuple[float | None, ...]
    reasons: tuple[str, ...]
    explainable: bool = False


@dataclass(frozen=True)
class PaperView:
    """Tables II and III with our rows below."""

    citation: str
    table_two: tuple[Line, ...]
    table_three: tuple[Line, ...]
    remarks: tuple[str, ...]
    ours: tuple[Ours, ...]

    @property
    def verdicts(self) -> list[tuple[list[str], tuple[str, ...]]]:
        """Groups of systems with the same reasons for not being comparable, and these reasons."""
        found: dict[tuple[str, ...], list[str]] = {}
        for line in self.ours:
            found.setdefault(line.reasons, []).append(line.system)
        return [(names, reasons) for reasons, names in found.items()]


@dataclass(frozen=True)
class ExplanationView:
    """The explanations of a run in one direction, and their quality."""

    system: str
    says: str
    result: ExplanationResult
    shares: Chart
    metric_heads: tuple[str, ...]
    metric_rows: Cells
    group_rows: Cells
    reliability: Chart | None
    reliability_says: str
    occlusions: tuple[Chart, ...]
    sanity_says: str


@dataclass(frozen=True)
class SearchView:
    """The benchmark of search by description of a run."""

    system: str
    heads: tuple[str, ...]
    rows: Cells
    says: str


@dataclass(frozen=True)
class Explained:
    """An image of a pair drawn by `agreid explain`."""

    name: str
    picture: Picture


@dataclass(frozen=True)
class PicturesView:
    """The images of a run, and their total number."""

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
    searches: tuple[SearchView, ...] = ()
    explained: tuple[PicturesView, ...] = ()
