"""`demo.json`: the settings of a demo, its progress, and the time of each step."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError
from agreid_cli.records.files import write_text

SCHEMA = "demo/1"


@dataclass(frozen=True)
class StepTime:
    """One step: wall-clock and CPU time over all calls; whether it is finished."""

    seconds: float
    cpu_s: float
    done: bool


@dataclass
class DemoRecord:
    """Written after every step, also after an interrupted one."""

    settings: dict[str, Any]
    cores: int
    steps: dict[str, StepTime] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps.values())

    def shares(self) -> list[tuple[str, float, float]]:
        """(step, seconds, fraction of the total), in the order in which the steps ran."""
        whole = self.seconds or 1.0
        return [(name, step.seconds, step.seconds / whole) for name, step in self.steps.items()]

    def add(self, name: str, seconds: float, cpu_s: float, *, done: bool) -> None:
        before = self.steps.get(name, StepTime(0.0, 0.0, False))
        self.steps[name] = StepTime(before.seconds + seconds, before.cpu_s + cpu_s, done)

    def write(self, path: Path) -> None:
        share = {name: round(part, 4) for name, _, part in self.shares()}
        tree = {
            "schema": SCHEMA,
            "settings": self.settings,
            "cores": self.cores,
            "seconds": round(self.seconds, 2),
            "steps": {
                name: {
                    "seconds": round(step.seconds, 2),
                    "share": share[name],
                    "cpu_s": round(step.cpu_s, 2),
                    "done": step.done,
                }
                for name, step in self.steps.items()
            },
            "facts": self.facts,
        }
        write_text(path, json.dumps(tree, indent=1, ensure_ascii=False) + "\n")


def read_demo(path: Path) -> DemoRecord | None:
    """None if there is no demo; `InputError` if the file is not a demo record of a known schema."""
    if not path.is_file():
        return None
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        if tree["schema"] != SCHEMA:
            raise ValueError(f"its schema is {tree['schema']}")
        steps = {
            name: StepTime(float(s["seconds"]), float(s["cpu_s"]), bool(s["done"]))
            for name, s in tree["steps"].items()
        }
        return DemoRecord(dict(tree["settings"]), int(tree["cores"]), steps, dict(tree["facts"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} is not a demo record: {error}",
            hint="Choose another folder with --workspace, or create it again with --overwrite.",
        ) from error
