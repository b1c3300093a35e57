"""Ground-truth rows: positions and visibility of people in a frame, and simulated detector crops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from agreid_cli.synth.draw.sensor import aligned
from agreid_cli.synth.film.shoot import Moment, Shot, shoot

#: Minimum fraction of the person's box inside the frame, and of that visible, for a crop.
LEAST_IN_FRAME, LEAST_VISIBLE = 0.35, 0.35
#: Minimum fraction of the visible box covered by the person; a figure covers a third to a half of its box.
LEAST_COVER = 0.15


@dataclass(frozen=True)
class Sight:
    """One person in a frame. box: the whole person; seen: the visible part; both x1 y1 x2 y2 in pixels.

    cover: pixels of the person by area of `seen`.
    """

    index: int
    track_id: int
    box: tuple[float, float, float, float]
    seen: tuple[float, float, float, float]
    in_frame: float
    visible: float
    cover: float


@dataclass(frozen=True, eq=False)
class Cut:
    """A crop as cut by a detector box: image uint8 (h, w, 3), part uint8 (h, w) of its own person.

    box: integer pixels of the frame; others: boxes of the other people, in pixels of the crop.
    """

    sight: Sight
    box: tuple[int, int, int, int]
    score: float
    image: np.ndarray
    part: np.ndarray
    others: np.ndarray


def sight(now: Moment, shot: Shot, index: int) -> Sight | None:
    """The visibility of person `index` in `shot`, whose window must contain the person's visible part."""
    x0, y0, _, _ = shot.window
    mine = (shot.owner == index).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(mine)
    if w == 0:
        return None
    box = now.boxes[index]
    inside = np.clip(box, 0, [now.camera.width, now.camera.height] * 2)
    # A pixel shows what is at its centre, so half a pixel on each side shows nothing of the person.
    area = max(inside[2] - inside[0] - 1, 1.0) * max(inside[3] - inside[1] - 1, 1.0)
    x1, y1, x2, y2 = (float(v) for v in box)
    return Sight(
        index=index,
        track_id=now.people[index].pid + 1,
        box=(x1, y1, x2, y2),
        seen=(float(x + x0), float(y + y0), float(x + x0 + w), float(y + y0 + h)),
        in_frame=float(now.in_frame[index]),
        visible=min(1.0, w * h / area),
        cover=int(mine.sum()) / (w * h),
    )


def sights(now: Moment, shot: Shot) -> list[Sight]:
    """Everybody with at least one visible pixel in a whole frame."""
    found = (sight(now, shot, int(index)) for index in np.flatnonzero(now.in_frame > 0))
    return [one for one in found if one is not None]


def track_row(now: Moment, one: Sight, video_id: str, pid: int) -> dict[str, Any]:
    """A row of `records.campus.TRACKS`."""
    person = now.people[one.index]
    return {
        "video_id": video_id, "frame": now.frame, "time_s": now.time_s, "track_id": one.track_id, "pid": pid,
        **dict(zip(("x1", "y1", "x2", "y2"), one.box, strict=True)),
        **dict(zip(("seen_x1", "seen_y1", "seen_x2", "seen_y2"), one.seen, strict=True)),
        "in_frame": one.in_frame, "visible": one.visible,
        "x_m": person.x, "y_m": person.y, "heading_rad": person.heading_rad,
    }  # fmt: skip


def mot_line(now: Moment, one: Sight) -> str:
    """`frame,id,left,top,width,height,1,1,visible`: frames from 1, the full box, as in MOTChallenge."""
    x1, y1, x2, y2 = one.box
    part = one.in_frame * one.visible
    return f"{now.frame + 1},{one.track_id},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},1,1,{part:.3f}\n"


def part_map(shot: Shot, parts_a_track: int) -> np.ndarray:
    """uint16 (h, w): track · parts_a_track + part, 0 for no person."""
    numbers = np.array([person.pid + 1 for person in shot.people] + [0], np.uint16)
    owners = numbers[shot.owner]  # −1 indexes the last entry, which is no person
    return np.where(owners > 0, owners * parts_a_track + shot.part, 0).astype(np.uint16)


def cuts(now: Moment, *, least_height: float) -> list[Cut]:
    """The crops of a frame, each rendered in its own window."""
    height, width = now.camera.height, now.camera.width
    found = []
    for index in np.flatnonzero(now.in_frame >= LEAST_IN_FRAME):
        box = now.boxes[index]
        if min(box[3], height) - max(box[1], 0) < least_height:
            continue
        rng = np.random.default_rng(
            [now.pair.seed, 9, now.pair.number, len(now.platform), now.frame, now.people[index].pid]
        )
        noise = rng.normal(0, 1, 4)
        shot = shoot(now, aligned(_reach(box), width, height))
        one = sight(now, shot, int(index))
        if one is None or one.visible < LEAST_VISIBLE or one.cover < LEAST_COVER:
            continue
        x1, y1, x2, y2 = _detected(one.seen, noise, width, height)
        if y2 - y1 < least_height:
            continue
        x0, y0, _, _ = shot.window
        part = np.s_[y1 - y0 : y2 - y0, x1 - x0 : x2 - x0]
        others = np.delete(now.boxes, index, axis=0) - [x1, y1, x1, y1]
        near = (others[:, :2] < [x2 - x1, y2 - y1]).all(1) & (others[:, 2:] > 0).all(1)
        found.append(
            Cut(
                sight=one,
                box=(x1, y1, x2, y2),
                score=round(0.55 + 0.4 * one.visible * one.in_frame - 0.02 * abs(float(noise[0])), 4),
                image=shot.image[part],
                part=np.where(shot.owner[part] == index, shot.part[part], 0).astype(np.uint8),
                others=others[near],
            )
        )
    return found


def _reach(box: np.ndarray) -> tuple[float, float, float, float]:
    """The box enlarged by the maximum extent of a detector's box."""
    x1, y1, x2, y2 = (float(v) for v in box)
    dx, dy = 0.1 * (x2 - x1) + 2, 0.06 * (y2 - y1) + 2
    return x1 - dx, y1 - dy, x2 + dx, y2 + dy


def _detected(
    seen: tuple[float, float, float, float], noise: np.ndarray, width: int, height: int
) -> tuple[int, int, int, int]:
    """A simulated detector box: slightly larger than the visible part, with a small random offset."""
    x1, y1, x2, y2 = seen
    w, h = x2 - x1, y2 - y1
    edge = np.clip(0.02 + 0.025 * noise, -0.03, 0.07)
    low = [x1 - edge[0] * w, y1 - edge[1] * 0.6 * h]
    high = [x2 + edge[2] * w, y2 + edge[3] * 0.6 * h]
    a, b = int(max(0, np.floor(low[0]))), int(max(0, np.floor(low[1])))
    return a, b, int(min(width, max(a + 1, np.ceil(high[0])))), int(min(height, max(b + 1, np.ceil(high[1]))))
