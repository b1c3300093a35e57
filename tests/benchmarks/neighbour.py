"""What a busy neighbour costs: training steps alone, and beside a second process that trains as well.

    python -m tests.benchmarks.neighbour [--seconds 12] [--rounds 2] [--cases 2 1 2+2 1+1 2+1]
        [--spins default 1000] [--set KMP_BLOCKTIME=0] [--preload libiomp5.so]

A case is the number of threads of each process, which run at the same time. OpenMP threads that wait for each
other spin `GOMP_SPINCOUNT` times before they sleep; a thread that spins keeps the core from the one that it
waits for. Alone, sleeping costs time; beside a neighbour, spinning does. `default` leaves the variable unset.
`--preload` takes another OpenMP runtime in place of the one that torch has, `--set` sets variables for it.
Prints the images a second of each process, and how many times as long the slowest takes as the first case.
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
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--cases", nargs="+", default=["2", "1", "2+2", "1+1", "2+1"])
    parser.add_argument("--spins", nargs="+", default=["default"])
    parser.add_argument("--set", nargs="+", default=[], dest="variables")
    parser.add_argument("--preload")
    options = parser.parse_args()
    extra = dict(word.split("=", 1) for word in options.variables)
    if options.preload:
        extra["LD_PRELOAD"] = options.preload
    for spins in options.spins:
        more = extra if spins == "default" else {**extra, "GOMP_SPINCOUNT": spins}
        for _ in range(options.rounds):
            first = 0.0
            for case in options.cases:
                found = _speeds([int(n) for n in case.split("+")], more, options.seconds)
                first = first or found[0]
                said = " and ".join(f"{one:.0f}" for one in found)
                print(
                    f"{' '.join(f'{k}={v}' for k, v in more.items())} threads {case}: {said} images/s, "
                    f"{first / min(found):.2f} times as long",
                    flush=True,
                )


def _speeds(threads: list[int], extra: dict[str, str], seconds: float) -> list[float]:
    """Images a second of each of these processes, which run at the same time."""
    env = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "GOMP_SPINCOUNT")} | extra
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen(
            [sys.executable, "-c", STEPS, str(seconds)],
            env={**env, "OMP_NUM_THREADS": str(n)}, stdin=pipe, stdout=pipe, text=True,
        )
        for n in threads
    ]  # fmt: skip
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
