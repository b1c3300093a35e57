"""Identities and file names of AG-ReID (method.md §3.1).

`P{4}T{5}A{1}C{1}F{n}.jpg`: person within the video, session (MMDD then 0 morning, 1 afternoon),
altitude class, camera, 1-based frame. The identity is P‖T‖A joined as one integer, never P alone.
The same fields without P and F, `T{5}A{1}C{n}`, may begin the name of a video of ours and describe it:
`T02140A0C0_uav.mp4`.
AG-ReID.v2 pads some frame numbers with zeros and appends a letter to others (`F8671Z`); both are accepted.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

_NAME = re.compile(r"P(\d+)T(\d+)A(\d+)C(\d+)F(\d+)([A-Za-z]*)", re.ASCII)
_VIDEO = re.compile(r"T(\d{5})A([012])C(\d{1,4})(?:_(.*))?", re.ASCII)
_SESSION = re.compile(r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])[01]", re.ASCII)


@dataclass(frozen=True)
class OfficialName:
    """The five fields of an official crop name."""

    person: int
    session: str
    altitude: int
    camid: int
    frame: int  # 1-based
    tag: str = ""  # letters after the frame number

    @property
    def pid(self) -> int:
        return join_pid(self.person, self.session, self.altitude)

    def __str__(self) -> str:
        return f"P{self.person:04d}T{self.session}A{self.altitude}C{self.camid}F{self.frame}{self.tag}"


def join_pid(person: int, session: str, altitude: int) -> int:
    """P‖T‖A as one integer; it does not fit int32.

    >>> join_pid(6, "02140", 0)
    6021400
    >>> join_pid(0, "02140", 0)
    21400
    """
    return int(f"{person}{session}{altitude}")


def split_pid(pid: int) -> tuple[int, str, int]:
    """The P, T, A of a joined pid, for any pid from 0 up; joining them returns the pid.

    >>> split_pid(6021400), split_pid(21400), split_pid(7)
    ((6, '02140', 0), (0, '02140', 0), (0, '00000', 7))
    """
    return pid // 10**6, f"{pid // 10 % 10**5:05d}", pid % 10


def is_session(text: str) -> bool:
    """Whether the text is a valid T field: a month, a day, and 0 or 1.

    >>> is_session("02140"), is_session("00000"), is_session("0214")
    (True, False, False)
    """
    return _SESSION.fullmatch(text) is not None


def parse_name(name: str) -> OfficialName | None:
    """The fields of a file name (folder and suffix are ignored), or None if it is not an official name.

    >>> parse_name("P0001T04041A0C0F31.jpg").pid, parse_name("P0001T04041A0C0F31 (copy).jpg")
    (1040410, None)
    >>> parse_name("query/P0313T02220A0/P0313T02220A0C2F08671Z.jpg")
    OfficialName(person=313, session='02220', altitude=0, camid=2, frame=8671, tag='Z')
    """
    found = _NAME.fullmatch(PurePath(name).stem)
    if not found:
        return None
    person, session, altitude, camid, frame, tag = found.groups()
    return OfficialName(int(person), session, int(altitude), int(camid), int(frame), tag)


@dataclass(frozen=True)
class VideoName:
    """The fields in the name of a video; `platform` only if the name ends with one."""

    session: str
    altitude: int
    camid: int
    platform: str | None = None

    def __str__(self) -> str:
        tail = f"_{self.platform}" if self.platform else ""
        return f"T{self.session}A{self.altitude}C{self.camid}{tail}"


def parse_video_name(name: str, platforms: Collection[str]) -> VideoName | None:
    """The fields of a video's file name (folder and suffix are ignored), or None if it has none.

    >>> parse_video_name("videos/T02140A0C0_uav.mp4", ["uav", "cctv"])
    VideoName(session='02140', altitude=0, camid=0, platform='uav')
    >>> parse_video_name("T02140A0C3_gate.mp4", ["uav", "cctv"]).platform, parse_video_name("gate.mp4", [])
    (None, None)
    """
    found = _VIDEO.fullmatch(PurePath(name).stem)
    if not found or not is_session(found[1]):
        return None
    last = (found[4] or "").rpartition("_")[2].lower()
    return VideoName(found[1], int(found[2]), int(found[3]), last if last in platforms else None)
