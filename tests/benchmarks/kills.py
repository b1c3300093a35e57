"""Kill commands at random moments, run them again, and compare every file with an uninterrupted run's.

    python -m tests.benchmarks.kills --kills 30

Prints a line per command and signal: how many runs were hit before they ended, and how many ended, after the
second run, with other bytes or with half-written files left over. Exits with 1 if any did.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.config.load import to_toml
from tests.support.forked import Warm
from tests.support.people_on_disk import write_people
from tests.support.tiny import tree, write
from tests.training.trained import small

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
EARLIEST_S = 0.02  # a fork has handlers of its own from here on


@dataclass(frozen=True)
class Command:
    """words: of the first call. again: of the second, given the workspace. files: what is compared."""

    words: tuple[str, ...]
    again: Callable[[Path], tuple[str, ...]]
    files: Callable[[Path], dict[str, bytes]]


def run_files(root: Path) -> dict[str, bytes]:
    """Of every run but TensorBoard's, which hold the time of day."""
    return {name: data for name, data in tree(root / "runs").items()
            if "tensorboard" not in name and not Path(name).name.startswith(".")}  # fmt: skip


def trained_again(root: Path) -> tuple[str, ...]:
    return TRAIN + (("--resume",) if (root / "runs" / "campus").is_dir() else ())


TRAIN = ("train", "--config", "small.toml", "--device", "cpu")
EMBED = ("embed", "--run", "campus", "--crops", "manifest.parquet", "--out", "e.parquet", "--device", "cpu")
EVALUATE = ("evaluate", "--run", "campus", "--direction", "both", "--ci")
EXTRACT = ("extract-crops", "street.avi", "flight.avi", "--platform", "cctv", "--every", "2")
COMMANDS = {
    "extract-crops": Command(EXTRACT, lambda _: EXTRACT, lambda root: tree(root / "crops")),
    "train": Command(TRAIN, trained_again, run_files),
    "embed": Command(EMBED, lambda _: EMBED, lambda root: {"e": (root / "e.parquet").read_bytes()}),
    "evaluate": Command(EVALUATE, lambda _: EVALUATE, run_files),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30, help="per command, the three signals in turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=COMMANDS, nargs="*", default=list(COMMANDS))
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "streams").mkdir()
        warm = Warm(place / "streams")
        starts = prepared(place, warm)
        for name in args.only:
            wrong += tried(name, starts[name], place, warm, args.kills, random.Random(args.seed))
        warm.close()
    return 1 if wrong else 0


def prepared(place: Path, warm: Warm) -> dict[str, Path]:
    """A workspace for each command to begin in: videos, people with pictures, and those with a run."""
    films, people, done = (place / name for name in ("films", "people", "done"))
    films.mkdir()
    write(films / "street.avi")
    write(films / "flight.avi")
    write_people(people)
    (people / "small.toml").write_text(to_toml(small("schedule.epochs=4", "data.p=2")))
    warm.preload("agreid_cli.stages.run.train", "agreid_cli.nn.backbones.osnet", "agreid_cli.nn.heads.single",
                 "agreid_cli.stages.run.evaluate", "torch._dynamo", "timm")  # fmt: skip
    shutil.copytree(people, done)
    code, _, said = warm.run(*TRAIN, cwd=done)
    assert code == 0, said
    return {"extract-crops": films, "train": people, "embed": done, "evaluate": done}


def tried(name: str, start: Path, place: Path, warm: Warm, kills: int, rng: random.Random) -> int:
    """Kill one command that often; the runs that ended otherwise than the unkilled one."""
    command, root = COMMANDS[name], place / "work"
    whole, seconds = {}, 0.0
    for _ in range(2):  # the second is quicker, as those to come
        _fresh(start, root)
        began = time.perf_counter()
        code, _, said = warm.run(*command.words, cwd=root)
        seconds = time.perf_counter() - began
        assert code == 0, said
        whole = command.files(root)
    counts: Counter[tuple[int, str]] = Counter()
    for number in range(kills):
        sent = SIGNALS[number % len(SIGNALS)]
        _fresh(start, root)
        run = warm.start(*command.words, cwd=root)
        time.sleep(rng.uniform(EARLIEST_S, seconds))
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.pid, sent)
        code = warm.wait(run)
        counts[sent, "hit"] += code != 0
        if "Traceback" in run.stderr:
            counts[sent, "traceback"] += 1
            print(f"{name}, signal {int(sent)}:\n{run.stderr}", file=sys.stderr)
        code, _, said = warm.run(*command.again(root), cwd=root)
        found = command.files(root) if code == 0 else {}
        if found != whole:
            counts[sent, "other"] += 1
            names = [n for n in found.keys() | whole.keys() if found.get(n) != whole.get(n)]
            print(f"{name}, signal {int(sent)}: exit {code}, {names} differ\n{said}", file=sys.stderr)
        counts[sent, "left"] += any(root.rglob(".*.tmp"))
    for first, sent in enumerate(SIGNALS):
        said = ", ".join(f"{counts[sent, what]} {words}" for what, words in WORDS.items())
        each = len(range(first, kills, len(SIGNALS)))
        print(f"{name:14s} -{int(sent):<3d} {each:3d} kills: {said}", flush=True)
    return sum(counts[sent, what] for sent in SIGNALS for what in ("other", "traceback"))


WORDS = {
    "hit": "hit before the end", "other": "with other bytes after the second run",
    "traceback": "with a traceback", "left": "with a temporary file left",
}  # fmt: skip


def _fresh(start: Path, root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(start, root)


if __name__ == "__main__":
    sys.exit(main())
