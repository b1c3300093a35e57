"""Read annotations from Label Studio: its export as JSON.

Label Studio counts frames from 1 at the frame rate of its project, not of the video; the times that it
writes with them are correct. So a frame is identified by its time, if it has one.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agreid_cli.datasets.annotation_files import Box, Covered, ToolFile, joined_runs, track_named
from agreid_cli.datasets.project_frames import KeyTime, project_rate, video_frames
from agreid_cli.datasets.video_facts import VideoFacts
from agreid_cli.errors import InputError, Problems

_FIELDS = ("choices", "textarea")


def read(path: Path, videos: Mapping[str, VideoFacts], problems: Problems) -> ToolFile:
    """The runs of every region, of the newest annotation of each task, else of its first prediction.

    A key frame applies to the frames up to the next one if it is enabled, else only to its own.
    """
    file = _File(path, videos, problems)
    for number, task in enumerate(_tasks(path), 1):
        file.read_task(task, task.get("id", number))
    return ToolFile(file.runs, [*file.rates, *(f"{path}: {what}: {n}" for what, n in file.unused.items())])


@dataclass
class _File:
    path: Path
    videos: Mapping[str, VideoFacts]
    problems: Problems
    runs: list[Covered] = field(default_factory=list)
    unused: Counter[str] = field(default_factory=Counter)
    rates: dict[str, None] = field(default_factory=dict)  # sentences, each once

    def read_task(self, task: dict[str, Any], name: object) -> None:
        everything = _dicts(task.get("annotations"))
        done = [a for a in everything if not a.get("was_cancelled")]
        if len(done) < len(everything):
            self.unused["cancelled annotations, not used"] += len(everything) - len(done)
        if len(done) > 1:
            self.unused["older annotations of a task, not used"] += len(done) - 1
        predictions = _dicts(task.get("predictions"))
        if not done and len(predictions) > 1:
            self.unused["further predictions of a task, not used"] += len(predictions) - 1
        if not done and not predictions:
            self.unused["tasks without annotations"] += 1
        newest = [max(done, key=lambda a: str(a.get("updated_at", "")))] if done else predictions[:1]
        for source in newest:
            regions: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for result in _dicts(source.get("result")):
                regions[str(result.get("id"))].append(result)
            for region, results in regions.items():
                self.read_region(results, f"{self.path}, task {name}, region {region}")

    def read_region(self, results: list[dict[str, Any]], where: str) -> None:
        fields: dict[str, str] = {}
        value: dict[str, Any] = {}
        for result in results:
            held = result.get("value")
            said: dict[str, Any] = held if isinstance(held, dict) else {}
            words = said.get("choices") or said.get("text") or []
            if _dicts(said.get("sequence")) and not value:
                value = said
            elif result.get("type") in _FIELDS:
                if words:
                    fields[str(result.get("from_name"))] = _last(words)
            else:
                self.unused[f"results of type '{result.get('type')}', not used"] += 1
        track = track_named(fields.pop("track", ""))
        if track is None or not value:
            self.problems.add(where, "its field 'track' names no track, so no crop belongs to it; remove it")
            return
        keys = self._keys(value, where)
        if keys is None:
            return
        facts = self.videos.get(track[0], VideoFacts())
        times = [KeyTime(key.number, key.time) for key in keys]
        rate = project_rate(times, value.get("framesCount"), value.get("duration"))
        frames = video_frames(times, facts, rate)
        if isinstance(frames, str):
            self.problems.add(f"{where}, track {track[0]}:{track[1]}", frames)
            return
        if rate and any(first != key.number for (first, _), key in zip(frames, keys, strict=True)):
            counted = f"Label Studio counts {rate:.3g} frames/s and '{track[0]}' has {facts.rate or 0:.3g}"
            self.rates[f"{self.path}: {counted}; frames are taken from the times"] = None
        pid = fields.pop("pid", "")
        self.runs += joined_runs(_runs(keys, frames, track, pid, fields, where, facts))

    def _keys(self, value: dict[str, Any], where: str) -> list[_Key] | None:
        keys = []
        for key in _dicts(value.get("sequence")):
            number = _number(key.get("frame"))
            if number is None or number < 1 or number % 1:
                self.problems.add(where, f"a box is on frame {key.get('frame')!r}; frames are counted from 1")
                return None
            keys.append(_Key(int(number) - 1, _number(key.get("time")), bool(key.get("enabled", True)), key))
        return sorted(keys, key=lambda key: key.number)


@dataclass(frozen=True)
class _Key:
    number: int  # from 0, at the project's rate
    time: float | None
    enabled: bool
    tree: dict[str, Any]

    def box(self, facts: VideoFacts) -> Box | None:
        """In pixels; Label Studio stores per cent of the frame size."""
        sides = [_number(self.tree.get(name)) for name in ("x", "y", "width", "height")]
        if None in sides or not facts.width or not facts.height:
            return None
        x, y, width, height = (side / 100 for side in sides if side is not None)
        w, h = facts.width, facts.height
        return x * w, y * h, (x + width) * w, (y + height) * h


def _runs(
    keys: list[_Key],
    frames: list[tuple[int, int]],
    track: tuple[str, int],
    pid: str,
    fields: dict[str, str],
    where: str,
    facts: VideoFacts,
) -> list[Covered]:
    runs = []
    for at, key in enumerate(keys):
        first, last = frames[at]
        held = [(first, key.box(facts))]
        if key.enabled and at + 1 < len(keys):
            last = frames[at + 1][0] - 1
            held.append((last + 1, keys[at + 1].box(facts)))
        known = tuple((frame, box) for frame, box in held if box is not None)
        if last >= first:
            runs.append(Covered(track, first, last, pid, fields, where, known))
    return runs


def _tasks(path: Path) -> list[dict[str, Any]]:
    try:
        tasks = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise InputError(
            f"{path} is not a list of tasks", hint="Export the project as 'JSON', not 'JSON-MIN'."
        )
    return tasks


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _last(words: Any) -> str:
    return str(words[-1] if isinstance(words, list) else words).strip()


def _number(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53
    return float(value) if good else None
