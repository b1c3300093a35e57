"""Seconds and peak memory of `agreid search` in a gallery on disk, by exact scan and with an index.

    python -m tests.benchmarks.search --rows 1000000 --folder /tmp/gallery

The gallery is that of `people.py` (D 512, half precision), written once to the folder. Each search is a
process of its own and searches for one crop. Peak memory includes the pages of the mapped file read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.people import write_features


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--set", nargs="*", default=[], help="for agreid search, e.g. index.probes=512")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    gallery = args.folder / "gallery_f.npy"
    if not gallery.is_file():
        write_features(args.folder, args.queries, args.rows, 512, 20_000, "float16")
    table = args.folder / "names.csv"
    rows = len(np.load(gallery, mmap_mode="r"))
    table.write_text("crop_id\n" + "".join(f"crop-{row}\n" for row in range(rows)))
    sets = [word for value in args.set for word in ("--set", value)]
    words = [
        "search",
        "-w",
        str(args.folder / "w"),
        "--embeddings",
        str(gallery),
        str(table),
        "--json",
        *sets,
    ]
    for name, more in (("exact", []), ("index, built", ["--index"]), ("index, again", ["--index"])):
        seconds, megabytes, said = measured([*words, "--crop", "crop-4711", *more])
        recall = said["recall"] and said["recall"]["value"]
        print(f"{name}: {seconds:.1f} s, {megabytes:.0f} MB, recall {recall}", flush=True)


def measured(words: list[str]) -> tuple[float, float, dict[str, object]]:
    """Wall time, peak resident memory in MB, and the answer of one command."""
    start = time.perf_counter()
    run = subprocess.Popen([sys.executable, "-m", "agreid_cli", *words], stdout=subprocess.PIPE)
    assert run.stdout is not None
    out = run.stdout.read()
    _, status, usage = os.wait4(run.pid, 0)
    assert status == 0, words
    return time.perf_counter() - start, usage.ru_maxrss / 1024, json.loads(out)


if __name__ == "__main__":
    main()
