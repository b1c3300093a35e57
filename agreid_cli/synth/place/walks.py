"""Walks across the campus: curved paths at a steady pace, stops, groups, ways around obstacles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Seconds between the points of a path.
STEP_S = 0.1
#: Minimum distance between people, metres between their centres.
APART_M = 0.62


@dataclass(frozen=True)
class State:
    """A person at one moment. distance_m: distance walked since the start, which determines the gait."""

    x: float
    y: float
    heading_rad: float
    speed: float
    distance_m: float


@dataclass(frozen=True, eq=False)
class Walk:
    """points: (n, 2) metres, every `STEP_S` seconds from `start_s` on."""

    start_s: float
    points: np.ndarray
    headings: np.ndarray
    speeds: np.ndarray
    distances: np.ndarray

    @property
    def end_s(self) -> float:
        return self.start_s + STEP_S * (len(self.points) - 1)

    def at(self, time_s: float) -> State | None:
        """The position of the person, or None before the path begins and after it ends."""
        place = (time_s - self.start_s) / STEP_S
        if not 0 <= place <= len(self.points) - 1:
            return None
        low = min(int(place), len(self.points) - 2)
        part = place - low

        def between(values: np.ndarray) -> np.ndarray:
            return np.asarray((1 - part) * values[low] + part * values[low + 1])

        x, y = between(self.points)
        return State(
            float(x),
            float(y),
            float(between(self.headings)),
            float(between(self.speeds)),
            float(between(self.distances)),
        )

    def beside(self, offset_m: float) -> Walk:
        """The walk of a companion, `offset_m` to the left of this one."""
        left = np.stack([-np.sin(self.headings), np.cos(self.headings)], 1)
        return _walk(self.start_s, self.points + offset_m * left)


def make_walk(
    stops: Sequence[tuple[float, float]],
    *,
    speed: float,
    halt_s: float,
    meet_s: float,
    around: Sequence[tuple[float, float, float]],
) -> Walk:
    """A walk through `stops` (metres), with a pause at the middle one, which is reached at `meet_s`.

    speed: metres per second. around: x, y, radius of obstacles.
    """
    corners = np.asarray(stops, float)
    middle = corners[len(corners) // 2]
    curve = corners
    for _ in range(4):  # Chaikin: cut the corners, keep the ends
        cut = np.empty((2 * len(curve) - 2, 2))
        cut[0::2] = 0.75 * curve[:-1] + 0.25 * curve[1:]
        cut[1::2] = 0.25 * curve[:-1] + 0.75 * curve[1:]
        curve = np.concatenate([curve[:1], cut, curve[-1:]])
    curve = _evenly(_round(_evenly(curve, 0.2), around), speed * STEP_S)
    nearest = int(np.argmin(np.linalg.norm(curve - middle, axis=1)))
    halt = np.repeat(curve[nearest : nearest + 1], round(halt_s / STEP_S), axis=0)
    points = np.concatenate([curve[:nearest], halt, curve[nearest:]])
    return _walk(meet_s - STEP_S * nearest, points)


def far_enough(walk: Walk, others: Sequence[Walk]) -> bool:
    """Whether the walk keeps its distance from all `others`."""
    times = walk.start_s + STEP_S * np.arange(0, len(walk.points), 3)
    mine = walk.points[::3]
    for other in others:
        place = np.rint((times - other.start_s) / STEP_S).astype(int)
        both = (place >= 0) & (place < len(other.points))
        if both.any():
            gap = np.linalg.norm(mine[both] - other.points[place[both]], axis=1)
            if gap.min() < APART_M:
                return False
    return True


def _walk(start_s: float, points: np.ndarray) -> Walk:
    if len(points) < 2:
        points = np.repeat(points[:1], 2, axis=0)
    smooth = _averaged(points, 9)
    move = np.gradient(smooth, axis=0)
    speeds = np.linalg.norm(move, axis=1) / STEP_S
    headings = np.arctan2(move[:, 1], move[:, 0])
    still = speeds < 0.15
    if not still.all():  # a standing person faces the direction of the last step
        last = np.maximum.accumulate(np.where(still, -1, np.arange(len(points))))
        headings = headings[np.where(last < 0, np.argmin(still), last)]
    headings = _averaged(np.unwrap(headings)[:, None], 9)[:, 0]
    steps = np.linalg.norm(np.diff(smooth, axis=0), axis=1)
    return Walk(start_s, smooth, headings, speeds, np.concatenate([[0.0], np.cumsum(steps)]))


def _averaged(values: np.ndarray, n: int) -> np.ndarray:
    """A moving average over n points, with constant ends."""
    half = n // 2
    padded = np.concatenate([np.repeat(values[:1], half, 0), values, np.repeat(values[-1:], half, 0)])
    sums = np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), padded]), axis=0)
    return np.asarray((sums[n:] - sums[:-n]) / n)


def _evenly(curve: np.ndarray, step_m: float) -> np.ndarray:
    """The same curve with points `step_m` apart."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    places = np.arange(0.0, max(along[-1], step_m * 1.001), step_m)
    return np.stack([np.interp(places, along, curve[:, axis]) for axis in (0, 1)], 1)


def _round(curve: np.ndarray, around: Sequence[tuple[float, float, float]]) -> np.ndarray:
    """The curve pushed out of every disc."""
    for x, y, radius in around:
        away = curve - [x, y]
        gap = np.linalg.norm(away, axis=1, keepdims=True)
        # Push towards the curve's own side, so that a path through the middle does not jump across.
        inside = gap < radius + 0.35
        curve = np.where(inside, [x, y] + away / np.maximum(gap, 1e-6) * (radius + 0.35), curve)
    return curve
