"""The output of readers of public data sets, and the published facts on a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agreid_cli.errors import Problem

TRAIN = "train"


@dataclass(frozen=True)
class Row:
    """One published image.

    `path` is relative to the data set's root, with `/`. `roles` are `train`, `query:a2g`,
    `gallery:a2g` …; empty means that the publisher does not use the image.
    """

    path: str
    pid: int
    camid: int
    platform: str
    roles: tuple[str, ...]
    altitude: int | None = None  # the A field: 0, 1, 2
    session: str | None = None  # the T field, or what the set has in its place
    frame: int | None = None  # 0-based where the publisher's count is known, else as published
    crop_id: str = ""  # its path without the suffix, unless a list gives another
    tracklet: str = ""  # its folder, where the publisher has one for each track
    also: tuple[str, ...] = ()  # other places of the same crop: one name in two folders of the test set


@dataclass(frozen=True)
class Remark:
    """Something that the user should know about how the rows were read."""

    text: str


@dataclass(frozen=True)
class Reading:
    """One published count of a subset, and its source. None: not published."""

    source: str
    images: int | None = None
    identities: int | None = None


@dataclass(frozen=True)
class Subset:
    """A part of a data set with published counts: the images with `role`, on `platform` if given.

    `kind` restricts it to people, distractors (real other persons) or junk.
    """

    name: str
    role: str
    readings: tuple[Reading, ...] = ()
    platform: str = ""
    kind: Literal["", "people", "distractors", "junk"] = ""


@dataclass(frozen=True)
class Layout:
    """One published folder layout of a data set.

    `folders` (or files) must exist for the layout to be recognised. `read` walks them under a root
    and yields a `Row` for each image, or a `Problem` for each unreadable one.
    """

    name: str
    folders: tuple[str, ...]
    read: Callable[..., Iterator[Row | Problem | Remark]]
    subsets: tuple[Subset, ...]
    #: Optional files → what is lost without them.
    optional: tuple[tuple[str, str], ...] = ()
    #: Files of which one must be in the root or beside it.
    any_of: tuple[str, ...] = ()
    #: File name → row, None if it does not match the grammar; identifies a tree given under another name.
    parse: Callable[[str], Row | None] | None = None
    #: Whether file names that follow the grammar are enough to recognise the set.
    strict: bool = True
    #: The images may be anywhere under the root.
    whole: bool = False
    #: `read` has a keyword `platform`, for images whose names give none.
    takes_platform: bool = False


@dataclass(frozen=True)
class JunkRule:
    """One definition of a query's own camera, if public readers differ. `says`: its description."""

    name: str
    says: str
    renumber: Callable[[Sequence[Row]], list[Row]]  # the rows with the cameras of this rule


@dataclass(frozen=True)
class Dataset:
    """A public data set: its layouts and its attribute file."""

    name: str
    title: str
    layouts: tuple[Layout, ...]
    #: Possible locations of the attribute .mat, relative to the root or to the folder above it.
    attribute_files: tuple[str, ...] = ()
    #: The reader of the attribute file: qut (the 88 bits of AG-ReID) or market.
    attribute_kind: str = "qut"
    #: pids that stand for many people without queries: distractors, not identities.
    distractor_pids: frozenset[int] = frozenset()
    #: The cameras of the data set; empty if its publisher does not number them.
    camids: range = range(0)
    #: Rules of junk in use for this set, where there are several; the first is the publisher's.
    junk_rules: tuple[JunkRule, ...] = ()
    hint: str = ""  # shown with a wrong tree
    remark: str = ""  # shown after an import, on figures
