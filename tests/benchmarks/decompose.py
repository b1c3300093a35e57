"""Time of `evaluate --explain` per gallery crop, beside a plain way to do the same, in one run.

    python -m tests.benchmarks.decompose [--queries 1000] [--gallery 1000] [--rounds 3]

A stream on OSNet x0.25 at 128×64 with 88 maps and random weights takes apart the distances of drawn crops and
reduces each pair to its distance, mean part and b. The plain way is that of earlier versions: every block
of gallery crops passes through the network again, the queries are centred and squared again for every block,
and b is taken from the shares and exclusive-ors of all pairs. Both must give the same numbers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from agreid_cli.config.recipes import recipe
from agreid_cli.metrics.explain.reweight import expected_xor
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.losses.distill import shares
from agreid_cli.nn.model import build_model
from agreid_cli.nn.pooled import base_distances, cross_distances
from agreid_cli.nn.spec import spec_from
from agreid_cli.training.decompose import PAIRS_A_BLOCK, Stream
from agreid_cli.training.embed import SidedCrops
from agreid_cli.training.pairs import Block, Pairs
from agreid_cli.training.side import SideColumns

N_BITS = 88


def make(n: int) -> tuple[Stream, SidedCrops]:
    """A stream with random weights, and n crops of noise."""
    torch.manual_seed(0)
    config = recipe("campus")
    teacher = build_model(spec_from(config.model, config.loss), 10)
    model = ExplainStream(teacher, n_bits=N_BITS, from_teacher=True, shared=True, reduction=1)
    pixels = np.random.default_rng(0).integers(0, 256, (n, 128, 64, 3), dtype=np.uint8)
    return Stream(Encoder(model, size=(128, 64))), SidedCrops(pixels, SideColumns())


def plain(stream: Stream, crops: SidedCrops, query: np.ndarray, gallery: np.ndarray) -> Pairs:
    """The way of earlier versions."""
    chances = stream.read(crops, np.arange(len(crops))).chances
    pairs = Pairs.of(len(query), len(gallery), 1)
    found = [said for _, said in stream.blocks(crops, query, 32)]
    vectors, base = torch.cat([f.vectors for f in found]), torch.cat([f.base for f in found])
    step = max(1, min(32, PAIRS_A_BLOCK // len(query)))
    for columns, said in stream.blocks(crops, gallery, step):
        with torch.inference_mode():
            parts = cross_distances(vectors, said.vectors)
            x = torch.from_numpy(expected_xor(chances[query][:, None], chances[gallery[columns]][None]))
            pairs.d[:, columns] = base_distances(base, said.base)
            pairs.mean_part[:, columns] = parts.mean(-1)
            pairs.b[0][:, columns] = (shares(parts) * x).sum(-1)
    return pairs


def ours(stream: Stream, crops: SidedCrops, query: np.ndarray, gallery: np.ndarray) -> Pairs:
    """What `evaluate --explain` does."""
    read = stream.read(crops, np.arange(len(crops)), keep_bytes=512 << 20)
    pairs = Pairs.of(len(query), len(gallery), 1)

    def visit(block: Block) -> None:
        q, g = read.chances[query[block.rows]], read.chances[gallery[block.columns]]
        pairs.put(block, [block.on_differing(q, g)])

    stream.compare(crops, query, gallery, visit, read=read, memory_bytes=512 << 20)
    return pairs


def timed(do: Callable[..., Pairs], *what: Any) -> tuple[Pairs, float, float]:
    """The result, seconds of wall-clock time, and of all cores."""
    begun, cores = time.perf_counter(), time.process_time()
    pairs = do(*what)
    return pairs, time.perf_counter() - begun, time.process_time() - cores


def main() -> None:
    """Print seconds, crops per second, ratios, and the largest relative differences."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--gallery", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    stream, crops = make(options.queries + options.gallery)
    query = np.arange(options.queries)
    gallery = np.arange(options.queries, len(crops))
    best = {"plain": (1e9, 1e9), "ours": (1e9, 1e9)}
    for number in range(options.rounds):
        before, *slow = timed(plain, stream, crops, query, gallery)
        after, *fast = timed(ours, stream, crops, query, gallery)
        wall, cpu = (a / b for a, b in zip(slow, fast, strict=True))
        print(f"round {number + 1}: {wall:.2f} times as quick, {cpu:.2f} in CPU time", flush=True)
        for name, took in (("plain", slow), ("ours", fast)):
            best[name] = tuple(map(min, best[name], took))
    for name, (wall, cpu) in best.items():
        print(f"{name}: {wall:.1f} s, {len(crops) / wall:.0f} crops/s, {cpu:.1f} s of CPU time")
    wall, cpu = (a / b for a, b in zip(best["plain"], best["ours"], strict=True))
    print(f"ratio of the best: {wall:.2f}, in CPU time {cpu:.2f}")
    for name in ("d", "mean_part"):
        one, two = getattr(before, name), getattr(after, name)
        print(f"{name}: largest relative difference {np.abs(one - two).max() / one.max():.1e}")
    print(f"b: largest difference {np.abs(before.b[0] - after.b[0]).max():.1e}")


if __name__ == "__main__":
    main()
