"""What annotators did in Label Studio: its export as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from agreid_cli.datasets.annotation_files import Covered, joined_runs, track_named
from agreid_cli.errors import InputError, Problems


def read(path: Path, problems: Problems) -> list[Covered]:
    """The runs of every region, of the newest annotation of each task, else of its predictions.

    A key frame speaks for the frames up to the next one while it is enabled, else for its own alone.
    """
    try:
        tasks = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise InputError(f"{path} is no list of tasks", hint="Export the project as 'JSON', not 'JSON-MIN'.")
    found: list[Covered] = []
    for number, task in enumerate(tasks, 1):
        done = [a for a in task.get("annotations") or [] if not a.get("was_cancelled")]
        chosen = max(done, key=lambda a: str(a.get("updated_at", ""))) if done else None
        for source in [chosen] if chosen else (task.get("predictions") or [])[:1]:
            for name, results in _regions(source.get("result") or []).items():
                where = f"{path}, task {task.get('id', number)}, region {name}"
                found += joined_runs(_runs(results, where, problems))
    return found


def _regions(results: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    regions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        regions[str(result.get("id"))].append(result)
    return regions


def _runs(results: list[dict[str, Any]], where: str, problems: Problems) -> list[Covered]:
    fields: dict[str, str] = {}
    sequence: list[dict[str, Any]] = []
    for result in results:
        value = result.get("value") or {}
        sequence = sequence or value.get("sequence") or []
        words = value.get("choices") or value.get("text") or []
        if result.get("type") in ("choices", "textarea") and words:
            fields[str(result.get("from_name"))] = str(words if isinstance(words, str) else words[-1]).strip()
    track = track_named(fields.pop("track", ""))
    if track is None or not sequence:
        problems.add(where, "its field 'track' names no track, so that no crop belongs to it; remove it")
        return []
    pid = fields.pop("pid", "")
    keys = sorted(sequence, key=lambda key: int(key["frame"]))
    runs = []
    for at, key in enumerate(keys):
        first = int(key["frame"]) - 1
        more = key.get("enabled", True) and at + 1 < len(keys)
        last = int(keys[at + 1]["frame"]) - 2 if more else first
        runs.append(Covered(track, first, last, pid, fields, where))
    return runs
