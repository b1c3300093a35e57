"""Time and peak memory of propose-identities after the crops have been embedded, on drawn tracks.

python -m tests.benchmarks.proposals [--tracks 1000 5000] [--width 512] [--crops 8]

Half as many people as tracks, each with one track in two cameras; eight tracks of a camera are seen at once.
Each number of tracks runs in a process of its own; memory is the largest resident set of that process,
before and after the tracks are compared.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time

import numpy as np

from agreid_cli.metrics.clustering.likeness import likeness_of
from agreid_cli.metrics.clustering.propose import Known, propose
from agreid_cli.metrics.clustering.twins import twins_of
from agreid_cli.metrics.clustering.units import Units, pooled, unit_length

AT_ONCE = 8


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(n: int, width: int, crops: int) -> None:
    rng = np.random.default_rng(0)
    person = np.tile(np.arange(n // 2), 2)
    camera = np.repeat([0, 1], n // 2)
    looks = rng.normal(size=(n // 2, width)).astype(np.float32)
    number = np.repeat(np.arange(n), crops)
    noise = rng.normal(size=(len(number), width)).astype(np.float32)
    each = unit_length(looks[person[number]] + 1.5 * noise)
    del noise
    vectors = pooled(each, number, np.ones(len(number)))
    first = (person // AT_ONCE * 10).astype(np.float64)
    frames = [np.arange(start, start + crops) for start in first.astype(int)]
    boxes = [np.full((crops, 4), [40.0 * at, 0, 40 * at + 30, 80]) for at in person % AT_ONCE]
    halves = (each[::crops], each[crops - 1 :: crops])
    before, start = peak_mb(), time.process_time()
    units = Units(vectors, camera, camera, first, first + crops - 1, None, twins_of(camera, frames, boxes))
    made = propose(units, Known(halves, np.arange(n)))
    like = likeness_of(units.vectors, made.levels, made.within, made.across)
    used = time.process_time() - start
    right = float((person[made.pairs.a] == person[made.pairs.b])[made.grouped].mean())
    print(
        f"{n:,} tracks, {len(number):,} crops of width {width}: {len(made.pairs):,} pairs, "
        f"peak {before:.0f} MB before and {peak_mb():.0f} MB after, {used:.1f} s of processor time; "
        f"vectors of the page {like.vectors.nbytes / 1e6:.1f} MB; "
        f"{100 * right:.0f} % of the grouped pairs are right",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tracks", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--crops", type=int, default=8)
    args = parser.parse_args()
    for n in args.tracks:
        own = multiprocessing.get_context("spawn").Process(target=measure, args=(n, args.width, args.crops))
        own.start()
        own.join()


if __name__ == "__main__":
    main()
