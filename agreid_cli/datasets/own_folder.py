"""Your own crops: one folder per person, with platform and camera in the names.

`person_001/uav_003.jpg`, `anna/cam2_cctv_1.jpg` and `uav/person_001/3.jpg` all work. Folders above the person
may name the part (`train`, `query`, `gallery`, `test`) or the platform. Words are separated by anything that
is neither letter nor digit:

- platform: `uav`, `drone` or `aerial`; `cctv` or `ground`; `wearable`, `glasses` or `bodycam`;
- camera: `c3`, `cam3` or `camera3`, or a number behind the platform (`uav2`). Without one, each platform has
  one camera, numbered as in AG-ReID.

The pid is the number in the folder name when every person's folder has one and all differ. Otherwise the
persons are numbered from 1 in the order of their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.datasets.rows import TRAIN, Dataset, Layout, Remark, Row
from agreid_cli.datasets.tree import MAX_CAMID, MAX_PID, images, printable
from agreid_cli.errors import Problem
from agreid_cli.records.crops import CAMID_OF_PLATFORM, PLATFORMS
from agreid_cli.records.image_files import is_litter

WORDS = {
    "uav": "uav", "drone": "uav", "aerial": "uav",
    "cctv": "cctv", "ground": "cctv",
    "wearable": "wearable", "glasses": "wearable", "bodycam": "wearable",
}  # fmt: skip
PARTS: dict[str, tuple[str, ...]] = {
    "train": (TRAIN,), "training": (TRAIN,), "query": ("query:all",), "gallery": ("gallery:all",),
    "test": ("test",), "testing": ("test",),
}  # fmt: skip
_SPLIT = re.compile(r"[^0-9A-Za-z]+")
_PLATFORM = re.compile(rf"({'|'.join(WORDS)})(\d*)", re.ASCII | re.IGNORECASE)
_CAMERA = re.compile(r"(?:c|cam|camera)(\d+)(?:s\d+)?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True)
class Seen:
    """One image: its path, the folder of its person, and what its names give."""

    path: str
    person: str
    roles: tuple[str, ...]
    platform: str
    camera: str  # "3" for a numbered camera, "uav2" or "uav" for one that still has to be numbered


def read(root: Path, *, platform: str = "") -> Iterator[Row | Problem | Remark]:
    """The crops under `root`. `platform` is used for images whose names give none."""
    found: list[Seen] = []
    for path, regular in images(root, "."):
        path = path.removeprefix("./")
        if any(map(is_litter, path.split("/"))):
            continue
        seen = look(path, platform) if regular else Problem(path, "is not a regular file")
        if isinstance(seen, Problem):
            yield seen
        else:
            found.append(seen)
    pids, remark = number_persons({seen.person for seen in found})
    if remark:
        yield Remark(remark)
    cameras, remark = number_cameras({(seen.camera, seen.platform) for seen in found})
    if remark:
        yield Remark(remark)
    for seen in found:
        pid, camid = pids[seen.person], cameras[seen.camera]
        if pid > MAX_PID or camid > MAX_CAMID:
            yield Problem(seen.path, "has a number in its name that is too large")
        else:
            yield Row(seen.path, pid, camid, seen.platform, seen.roles)


def look(path: str, platform: str = "") -> Seen | Problem:
    """What the names in one path give, or what is missing.

    >>> look("train/anna/uav_003.jpg")
    Seen(path='train/anna/uav_003.jpg', person='anna', roles=('train',), platform='uav', camera='uav')
    >>> look("anna/cam12_cctv.png").camera, look("uav2/7/1.jpg").camera
    ('12', 'uav2')
    """
    if printable(path) != path:
        return Problem(printable(path), "has bytes in its name that are no text")
    *folders, name = path.split("/")
    roles: tuple[str, ...] = ()
    words = _words(name.rpartition(".")[0] or name)
    person = ""
    for folder in folders:
        if person:
            words += _words(folder)
        elif folder.lower() in PARTS and not roles:
            roles = PARTS[folder.lower()]
        elif _PLATFORM.fullmatch(folder):
            words.append(folder.lower())
        else:
            person = folder
    if not person:
        return Problem(path, "is in no person's folder")
    told = list(dict.fromkeys((WORDS[m[1]], m[2]) for word in words if (m := _PLATFORM.fullmatch(word))))
    platforms = sorted({name for name, _ in told})
    if len(platforms) > 1:
        return Problem(path, f"names two platforms: {' and '.join(platforms)}")
    if not told and not platform:
        return Problem(path, f"names no platform ({', '.join(PLATFORMS)})")
    numbered = list(dict.fromkeys(m[1] for word in words if (m := _CAMERA.fullmatch(word))))
    if len(numbered) > 1:
        return Problem(path, f"names two cameras: {' and '.join(numbered)}")
    own = platforms[0] if platforms else platform
    number = next((n for _, n in told if n), "")
    return Seen(path, person, roles, own, str(int(numbered[0])) if numbered else f"{own}{number}")


def number_persons(names: set[str]) -> tuple[dict[str, int], str]:
    """Folder name → pid, and a message for the user.

    >>> number_persons({"person_007", "person_12"})
    ({'person_007': 7, 'person_12': 12}, '')
    >>> number_persons({"ben", "anna"})[0]
    {'anna': 1, 'ben': 2}
    """
    ordered = sorted(names)
    found = {name: _NUMBER.findall(name) for name in ordered}
    pids = {name: int(numbers[-1]) for name, numbers in found.items() if numbers}
    if len(pids) == len(ordered) and len(set(pids.values())) == len(ordered):
        return pids, ""
    pids = {name: nth for nth, name in enumerate(ordered, 1)}
    shown = ", ".join(f"{name} = {pid}" for name, pid in list(pids.items())[:5])
    more = " …" if len(pids) > 5 else ""
    return pids, f"persons are numbered in the order of their folders: {shown}{more}"


def number_cameras(cameras: set[tuple[str, str]]) -> tuple[dict[str, int], str]:
    """Camera label → camid, and a message for the user.

    A numbered camera keeps its number. Cameras known by platform alone have AG-ReID's numbers, unless one
    has a number itself or others are numbered; then they get the next free numbers.

    >>> number_cameras({("uav", "uav"), ("cctv", "cctv")})
    ({'cctv': 3, 'uav': 0}, '')
    >>> number_cameras({("uav2", "uav"), ("uav1", "uav"), ("4", "cctv")})[0]
    {'4': 4, 'uav1': 5, 'uav2': 6}
    """
    own = {label: int(label) for label, _ in cameras if label.isdigit()}
    labels = sorted({label for label, _ in cameras} - set(own), key=_order)
    if not own and all(label in CAMID_OF_PLATFORM for label in labels):
        return {label: CAMID_OF_PLATFORM[label] for label in sorted(labels)}, ""
    first = max(own.values(), default=-1) + 1
    given = {label: first + nth for nth, label in enumerate(labels)}
    shown = ", ".join(f"{label} = {camid}" for label, camid in given.items())
    return {**own, **given}, f"cameras are numbered: {shown}" if given else ""


def _order(label: str) -> tuple[str, int]:
    digits = "".join(ch for ch in label if ch.isdigit())
    return label[: len(label) - len(digits)], int(digits or 0)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _SPLIT.split(name) if word]


FOLDER = Dataset(
    name="folder",
    title="a folder of crops, one folder per person",
    layouts=(Layout("one folder per person", (), read, (), whole=True, takes_platform=True),),
    hint="Name the platform in the folder or file name, as in person_001/uav_3.jpg, or give it for all "
    "with --platform. Or list them (path,pid,camid,platform): agreid import-dataset list crops.csv",
)
