"""What a busy neighbour costs: training steps alone, and beside a second process that trains as well.

    python -m tests.benchmarks.neighbour [--seconds 12] [--spins default 1000 10000 100000]

Every process has as many threads as cores. OpenMP threads that wait for each other spin `GOMP_SPINCOUNT`
times before they sleep; a thread that spins keeps the core from the one that it waits for. Alone, sleeping
costs time; beside a neighbour, spinning does. `default` leaves the variable unset.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

STEPS = """
import time, sys, torch
from agreid_cli.nn.model import build_model
from agreid_cli.nn.spec import ModelSpec
model = build_model(ModelSpec("osnet-x0.25", "bot", (128, 64)), 100).train()
model = model.to(memory_format=torch.channels_last)
images = torch.randn(32, 3, 128, 64).to(memory_format=torch.channels_last)
labels = torch.randint(0, 100, (32,))
def step():
    out = model(images, None, labels)
    torch.nn.functional.cross_entropy(out.logits[0].values, labels).backward()
for _ in range(5): step()
print("ready", flush=True); sys.stdin.readline()
n, end = 0, time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    step(); n += 1
print(32 * n / float(sys.argv[1]), flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--spins", nargs="+", default=["default", "1000", "10000", "100000"])
    options = parser.parse_args()
    for spins in options.spins:
        (alone,) = _speeds(1, spins, options.seconds)
        both = _speeds(2, spins, options.seconds)
        print(
            f"GOMP_SPINCOUNT {spins}: alone {alone:.0f} images/s; of two at once {both[0]:.0f} and "
            f"{both[1]:.0f}, {alone / min(both):.1f} times as long",
            flush=True,
        )


def _speeds(processes: int, spins: str, seconds: float) -> list[float]:
    """Images a second of each of these processes, which run at the same time."""
    env = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "GOMP_SPINCOUNT")}
    if spins != "default":
        env["GOMP_SPINCOUNT"] = spins
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen(
            [sys.executable, "-c", STEPS, str(seconds)], env=env, stdin=pipe, stdout=pipe, text=True
        )
        for _ in range(processes)
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    return [float(one.communicate()[0]) for one in running]


if __name__ == "__main__":
    main()
