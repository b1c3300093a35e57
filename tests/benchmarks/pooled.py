"""All attribute-weighted distances of a batch: one product compared with a loop, forward and backward.

    python -m tests.benchmarks.pooled [--batch 64 32 16 8]

The loop is what the formula says, one attribute at a time: weigh the feature map, pool it by GeM with p = 3,
take the distances of all pairs. Both forms start from the same F (ReLU-like) and raw head output, end in the
stream's three losses, and give the gradients of F and of the raw output. A turn is a process of its own, so
that its peak of memory is its own; what the inputs take is measured before and subtracted. Memory of both
forms grows with the batch: where the loop's 17 GB are not there, `--batch 16` shows the same ratio.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

M, C, HEIGHT, WIDTH = 88, 2048, 16, 8
ROOT = Path(__file__).resolve().parents[2]


def by_loop(grid: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """d (n, n) and parts (n, n, M), attribute by attribute."""

    def apart(vectors: Tensor) -> Tensor:
        squares = vectors.square().sum(1)
        return (squares[:, None] + squares[None] - 2 * vectors @ vectors.T).clamp_min(1e-12).sqrt()

    def gem(x: Tensor) -> Tensor:
        return x.clamp(min=1e-6).pow(3.0).mean((2, 3)).pow(1 / 3)

    parts = [apart(gem(grid * maps[:, k : k + 1])) for k in range(maps.shape[1])]
    return apart(gem(grid)).detach(), torch.stack(parts, dim=-1)


def by_product(grid: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """The same as the stream computes it."""
    from agreid_cli.nn.pooled import attribute_pooling, base_distances, part_distances

    with torch.no_grad():
        base = attribute_pooling(grid, torch.ones_like(maps[:, :1]))[:, 0]
        d = base_distances(base, base)
    return d, part_distances(attribute_pooling(grid, maps))


FORMS = {"loop": by_loop, "product": by_product}


def one_turn(form: str, batch: int, folder: Path) -> None:
    """Measure one form in this process; the gradients go to a file."""
    from agreid_cli.nn.activation import activation
    from agreid_cli.nn.losses.distill import attribute_prior, metric_distillation

    torch.manual_seed(0)
    grid = (torch.randn(batch, C, HEIGHT, WIDTH).relu_() * 2).requires_grad_()
    raw = (0.5 * torch.randn(batch, M, HEIGHT, WIDTH)).requires_grad_()
    bits = (torch.rand(batch // 4, M) < 0.17).repeat_interleave(4, dim=0)
    small = torch.rand(2, 8, 2, 2), torch.rand(2, 3, 2, 2)
    FORMS[form](*small)  # libraries load their parts
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    d, parts = FORMS[form](grid, activation(raw))
    loss = metric_distillation(d, parts) + sum(
        w * x for w, x in zip((10, 100), attribute_prior(parts, bits), strict=True)
    )
    loss.backward()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    torch.save(
        {"grid": grid.grad, "raw": raw.grad, "parts": parts.detach()[~torch.eye(batch, dtype=torch.bool)]},
        folder / f"{form}.pt",
    )
    print(json.dumps({"seconds": seconds, "GB": (peak - before) / 2**20, "loss": loss.item()}))


def main() -> None:
    """Alternate the forms and compare the best times, the least memory, and the gradients."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, nargs="*", default=[16])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, required=False, help=argparse.SUPPRESS)
    parser.add_argument("--turn", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.turn:
        one_turn(options.turn, options.batch[0], options.folder)
        return
    import tempfile

    for batch in options.batch:
        with tempfile.TemporaryDirectory() as name:
            _compare(batch, options.rounds, options.threads, Path(name))


def _compare(batch: int, rounds: int, threads: int, folder: Path) -> None:
    best: dict[str, dict[str, Any]] = {}
    for _ in range(rounds):
        for form in FORMS:
            command = [sys.executable, "-m", "tests.benchmarks.pooled", "--turn", form, "--batch", str(batch),
                       "--threads", str(threads), "--folder", str(folder)]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
            found = json.loads(done.stdout.splitlines()[-1])
            old = best.get(form, found)
            best[form] = {k: min(found[k], old[k]) for k in found}
    for form, found in best.items():
        print(f"B={batch} {form}: {found['seconds']:.2f} s, {found['GB']:.2f} GB, loss {found['loss']:.5f}")
    loop, product = (torch.load(folder / f"{form}.pt") for form in FORMS)
    apart = ", ".join(
        f"{name} {((product[name] - loop[name]).norm() / loop[name].norm()).item():.1e}" for name in loop
    )
    times, memory = (best["loop"][k] / best["product"][k] for k in ("seconds", "GB"))
    print(
        f"B={batch}: {times:.1f} times quicker, {memory:.1f} times less memory; relative difference: {apart}"
    )


if __name__ == "__main__":
    main()
