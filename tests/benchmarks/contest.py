"""Run competitors alternately in separate processes, so that ratios are valid on a shared machine.

A benchmark module gives `CONTESTANTS`: name → function of the loaded arrays that returns a dict of figures.
Each turn is a fresh process that loads the features, waits until the machine is idle (at most for the
patience it is given), runs one contestant once, and prints its figures with the seconds, the memory that it
took above what was there before, and the processor seconds that others took meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

THREADS = 2
Contestant = Callable[[Mapping[str, Any]], dict[str, float]]


def take_turns(
    module: str, names: Sequence[str], folder: Path, rounds: int, *more: str
) -> dict[str, dict[str, float]]:
    """The best of `rounds` turns of each contestant: fewest seconds, and the figures of that turn."""
    best: dict[str, dict[str, float]] = {}
    # OPENBLAS_CORETYPE, where it is set, makes numpy's product run on instructions of ten years ago.
    unset = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment.update({f"{x}_NUM_THREADS": str(THREADS) for x in ("OMP", "OPENBLAS", "MKL", "NUMBA")})
    for turn in range(rounds):
        for name in names:
            command = [sys.executable, "-m", module, "--turn", name, "--features", str(folder), *more]
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            if done.returncode:
                print(f"  {name}: failed\n{done.stderr[-600:]}", flush=True)
                continue
            figures = json.loads(done.stdout.splitlines()[-1])
            shown = " ".join(f"{key}={value:.4g}" for key, value in figures.items())
            print(f"  turn {turn} {name}: {shown}", flush=True)
            if name not in best or figures["seconds"] < best[name]["seconds"]:
                best[name] = figures
    return best


def one_turn(
    contestant: Contestant, folder: Path, *, mapped: bool, queries: int | None, patience_s: float
) -> None:
    """Load, run, print one line of JSON; in a process of its own."""
    data: dict[str, Any] = dict(np.load(folder / "labels.npz"))
    for name in ("query_f", "gallery_f"):
        data[name] = np.load(folder / f"{name}.npy", mmap_mode="r" if mapped else None)
    if queries is not None:
        for name in ("query_f", "query_pid", "query_camid"):
            data[name] = data[name][:queries]
    contestant(
        {name: rows[: 64 if name.startswith("query") else 4096] for name, rows in data.items()}
    )  # imports
    before = _memory_mb("VmRSS")
    _forget_peak()
    _wait_until_idle(patience_s)
    start, cpu, busy = time.perf_counter(), time.process_time(), _busy_s()
    figures = contestant(data)
    figures["seconds"], figures["cpu"] = time.perf_counter() - start, time.process_time() - cpu
    figures["others cpu"] = _busy_s() - busy - figures["cpu"]
    figures["MB above"] = _memory_mb("VmHWM") - before
    figures["MB in all"] = _memory_mb("VmHWM")
    print(json.dumps(figures))


def _wait_until_idle(patience_s: float) -> None:
    """Return when the cores were nine tenths idle for half a second, or when patience ends."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        busy = _busy_s()
        time.sleep(0.5)
        if _busy_s() - busy < 0.05 * (os.cpu_count() or 1):
            return


def _busy_s() -> float:
    """Processor seconds of all processes since the machine started."""
    user, nice, system, _, _, irq, soft, *_ = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    )
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _memory_mb(which: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(which):
            return int(line.split()[1]) / 1024
    return float("nan")


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")
