"""The official identity and file-name grammar of AG-ReID (method.md §3.1).

`P{4}T{5}A{1}C{1}F{n}.jpg`: person within the video, session (MMDD then 0 morning, 1 afternoon),
altitude class, camera, 1-based frame. The identity is P‖T‖A joined as one integer, never P alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"P(-?\d+)T(-?\d+)A(-?\d+)C(-?\d+)F(-?\d+)")


@dataclass(frozen=True)
class OfficialName:
    """The five fields of an official crop name."""

    person: int
    session: str
    altitude: int
    camid: int
    frame: int

    @property
    def pid(self) -> int:
        return join_pid(self.person, self.session, self.altitude)

    def __str__(self) -> str:
        return f"P{self.person:04d}T{self.session}A{self.altitude}C{self.camid}F{self.frame}"


def join_pid(person: int, session: str, altitude: int) -> int:
    """P‖T‖A as one integer; it does not fit int32.

    >>> join_pid(6, "02140", 0)
    6021400
    >>> join_pid(0, "02140", 0)
    21400
    """
    return int(f"{person}{session}{altitude}")


def split_pid(pid: int) -> tuple[int, str, int]:
    """The P, T, A of a joined pid.

    >>> split_pid(6021400)
    (6, '02140', 0)
    """
    return pid // 10**6, f"{pid // 10 % 10**5:05d}", pid % 10


def parse_name(name: str) -> OfficialName | None:
    """The fields of a file name, or None when it does not follow the grammar.

    >>> parse_name("P0001T04041A0C0F31.jpg").pid
    1040410
    """
    found = _NAME.match(name)
    if not found:
        return None
    person, session, altitude, camid, frame = found.groups()
    return OfficialName(int(person), session, int(altitude), int(camid), int(frame))
