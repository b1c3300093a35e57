"""UAV-Human (CVPR 2021), its re-identification part: one drone, 1,144 identities.

`P000S00G10B10H10UC022000LC021000A000R0_08241716_170_bbx.jpg` is person 0 in setup 0 (clothes, hat, bag),
action 0, filmed on 24 August at 17:16, frame 170. The identity is P‖S joined, as in the authors' reader;
names that start with D are distractors and share the pid 50000.

There is one camera. The authors' reader makes A‖frame the camera, so that only copies of the query's own
moment are junk. That number fits no camera column, and only its equality within a person matters: here a
person's moments are numbered from 0, which gives the same junk. The reader of VDT, and of other work on
fast-reid, makes every image a camera, so that nothing is junk.

The competition's test images (`00000.jpg`) have no identity and cannot be imported. The names of the
full release follow the authors' reader, not checked on the files.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from agreid_cli.datasets.rows import TRAIN, Dataset, JunkRule, Layout, Reading, Row, Subset
from agreid_cli.datasets.tree import MARKET_FOLDERS, walk
from agreid_cli.errors import Problem

GRAMMAR = "P000S00G10B10H10UC022000LC021000A000R0_08241716_170_bbx.jpg"
DISTRACTOR_PID = 50_000
_NAME = re.compile(r"P(\d+)S(\d+)G.*A(\d+)R-?\d+_(\d+)_(\d+)(?:_[A-Za-z]+)?", re.ASCII)
_DISTRACTOR = re.compile(r"D.*?(\d{1,9})_[A-Za-z]+", re.ASCII)


def parse(name: str) -> Row | None:
    """The row of a name, with the moment A‖frame in place of the camera.

    >>> row = parse("P031S09G10B00H10UC102000LC092000A031R0_09131758_117_bbx.jpg")
    >>> row.pid, row.session, row.frame, row.camid
    (3109, '09131758', 117, 31117)
    """
    stem = PurePath(name).stem
    if found := _NAME.fullmatch(stem):
        person, setup, action, stamp, frame = found.groups()
        moment = int(action + frame)
        return Row(name, int(person + setup), moment, "uav", (), session=stamp, frame=int(frame))
    if found := _DISTRACTOR.fullmatch(stem):
        return Row(name, DISTRACTOR_PID, 0, "uav", (), frame=int(found[1]))
    return None


def read(root: Path) -> Iterator[Row | Problem]:
    """The images under `root`."""
    rows: list[Row] = []
    for item in walk(root, MARKET_FOLDERS, parse, GRAMMAR):
        if isinstance(item, Problem):
            yield item
        else:
            rows.append(item)
    yield from by_moment(rows)


def by_moment(rows: Sequence[Row]) -> list[Row]:
    """A camera for each moment of a person."""
    moments: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        moments[row.pid].add(row.camid)
    number = {pid: {moment: n for n, moment in enumerate(sorted(of))} for pid, of in moments.items()}
    return [replace(row, camid=number[row.pid][row.camid]) for row in rows]


def by_image(rows: Sequence[Row]) -> list[Row]:
    """A camera for each image of a person."""
    seen: Counter[int] = Counter()
    found = []
    for row in rows:
        # Cameras are int16; distractors have no query, so their cameras may repeat.
        found.append(replace(row, camid=seen[row.pid] % 2**15))
        seen[row.pid] += 1
    return found


#: Not verified in the paper for this file; they sum to its 41,290 images and 1,144 identities.
_RECALLED = "recalled from the paper"
UAV_HUMAN = Dataset(
    name="uav-human",
    title="UAV-Human, re-identification (CVPR 2021)",
    layouts=(
        Layout(
            name="official",
            folders=tuple(MARKET_FOLDERS),
            read=read,
            parse=parse,
            subsets=(
                Subset("train", TRAIN, (Reading(_RECALLED, 11_805, 619),)),
                Subset("query", "query:all", (Reading(_RECALLED, 1_050, 525),)),
                Subset("gallery with distractors", "gallery:all", (Reading(_RECALLED, 28_435, 525),)),
            ),
        ),
    ),
    distractor_pids=frozenset({DISTRACTOR_PID}),
    junk_rules=(
        JunkRule("moment", "copies of the query's own moment are junk, as in the authors' reader", by_moment),
        JunkRule("none", "every image is a camera and nothing is junk, as in VDT's reader", by_image),
    ),
    hint="The competition's test images are named 00000.jpg and carry no identity; the whole release does.",
)
