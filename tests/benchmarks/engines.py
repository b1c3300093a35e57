"""The same work in one process, on Ray with one worker, and with two: time, memory, and equal files.

    python -m tests.benchmarks.engines evaluate --rows 100000 --queries 20000 --folder /tmp/gallery
    python -m tests.benchmarks.engines extract --videos 8 --frames 120 --folder /tmp/films

Every call is a process of its own with one thread, `--rounds` times in turn. CPU seconds and peak memory are
sampled from /proc, of the process that is started and of each Ray worker; Ray's own services are only in the
sum of CPU seconds. Exits with 1 if a call gives other files than the first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.benchmarks.people import write_features
from tests.support import tiny

EVERY_S = 0.5
TICK = os.sysconf("SC_CLK_TCK")
ENGINES = {"here": 0, "ray, 1 worker": 1, "ray, 2 workers": 2}


@dataclass
class Used:
    """What a call and its descendants used. peak: MB of the process itself and of each worker, by pid."""

    seconds: float = 0.0
    cpu: dict[int, float] = field(default_factory=dict)
    peak: dict[int, float] = field(default_factory=dict)

    def look(self, root: int) -> None:
        """Sample every process below `root`."""
        for pid in descendants(root):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                name = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue  # it has ended
            self.cpu[pid] = (int(fields[11]) + int(fields[12])) / TICK
            if pid == root or name.startswith("ray::Worker"):
                line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM 0")
                self.peak[pid] = max(self.peak.get(pid, 0.0), int(line.split()[1]) / 1024)


def descendants(root: int) -> list[int]:
    """`root` and every process below it."""
    below: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            below.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(
                int(path.parent.name)
            )
        except OSError:
            continue
    found = [root]
    for pid in found:
        found += below.get(pid, [])
    return found


def measured(words: list[str], cwd: Path) -> Used:
    """Run one command to its end."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    used, start = Used(), time.perf_counter()
    command = [sys.executable, "-m", "agreid_cli", *words]
    run = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL)
    while run.poll() is None:
        used.look(run.pid)
        time.sleep(EVERY_S)
    assert run.returncode == 0, words
    used.seconds = time.perf_counter() - start
    return used


def gallery(folder: Path, rows: int, queries: int) -> list[str]:
    """Features and their tables; the words of the command."""
    if not (folder / "gallery_f.npy").is_file():
        write_features(folder, queries, rows, 512, 20_000, "float16")
    labels = np.load(folder / "labels.npz")
    for role in ("query", "gallery"):
        pids, camids = (labels[f"{role}_{name}"].tolist() for name in ("pid", "camid"))
        lines = (f"{role}-{n},{p},{c},{role}\n" for n, (p, c) in enumerate(zip(pids, camids, strict=True)))
        (folder / f"{role}_f.csv").write_text("crop_id,pid,camid,role\n" + "".join(lines))
    files = [str(folder / f"{role}_f{end}") for end in (".npy", ".csv") for role in ("query", "gallery")]
    return ["evaluate", "--embeddings", *files, "--direction", "all", "--out", "out",
            "--set", "threads=1", "--set", "engine=numpy"]  # fmt: skip


def films(folder: Path, videos: int, frames: int) -> list[str]:
    """Drawn people who walk; the words of the command."""
    files = [tiny.write(folder / f"v{n}.avi", tiny.clip(frames + n)) for n in range(videos)]
    return ["extract-crops", *map(str, files), "--platform", "cctv", "--detector", "campus", "--every", "5"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("evaluate", "extract"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--videos", type=int, default=8)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=ENGINES, default=list(ENGINES))
    args = parser.parse_args()
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if args.what == "evaluate":
        words = gallery(folder, args.rows, args.queries)
    else:
        words = films(folder, args.videos, args.frames)
    first: dict[str, bytes] = {}
    seconds: dict[str, list[float]] = {name: [] for name in args.only}
    equal = True
    for _ in range(args.rounds):
        for name in args.only:
            root = folder / "work"
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            workers = ENGINES[name]
            (root / "agreid.toml").write_text(f"[engine]\nworkers = {workers}\n")
            used = measured([*words, "-w", ".", "--engine", "ray" if workers else "local"], root)
            found = {file: data for file, data in tiny.tree(root).items() if file != "agreid.toml"}
            first = first or found
            equal = equal and found == first
            seconds[name].append(used.seconds)
            peaks = ", ".join(f"{mb:.0f}" for mb in used.peak.values())
            print(
                f"{name}: {used.seconds:.1f} s, {sum(used.cpu.values()):.1f} s of CPU, peak MB {peaks}, "
                f"{len(found)} files {'equal' if found == first else 'DIFFER'}", flush=True,
            )  # fmt: skip
    base = args.only[0]
    for name in args.only[1:]:
        ratios = [a / b for a, b in zip(seconds[base], seconds[name], strict=True)]
        low, high = min(ratios), max(ratios)
        print(f"{base} / {name}: median {statistics.median(ratios):.2f} ({low:.2f} to {high:.2f})")
    return 0 if equal and first else 1


if __name__ == "__main__":
    sys.exit(main())
