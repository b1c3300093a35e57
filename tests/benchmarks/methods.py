"""Training speed of the view-aware methods against their plain transformer, as ratios in one run.

    python -m tests.benchmarks.methods [--backbone timm:vit_tiny_patch16_224] [--size 128x64] [--rounds 7]

A step is forward, losses, backward and optimiser, on a batch that lies in memory. The systems take turns, and
each round gives one ratio; the median and the range are printed. `--device cuda` adds the peak memory.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import torch

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.records.side import Side
from agreid_cli.training.batch import Batch
from agreid_cli.training.facts import Facts
from agreid_cli.training.methods import method_of
from agreid_cli.training.objective import Objective, terms_of

RECIPES = ("campus-vit", "campus-transreid", "campus-vdt", "campus-secap")
N_IDS = 200


class System:
    """One recipe's network, objective and optimiser, and a batch for it."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        sets = [f"model.backbone={options.backbone}", f"model.size={options.size}"]
        config = with_overrides(recipe(name), sets)
        facts = Facts(n_ids=N_IDS, cameras=(0, 3), views=("aerial", "ground"))
        self.device = torch.device(options.device)
        self.model: Any = method_of(config).network(config, facts).to(self.device).train()
        terms = terms_of(config.loss, n_ids=N_IDS, width=self.model.head.metric_dim)
        if config.method.name != "reid":
            import importlib

            terms = importlib.import_module(f"agreid_cli.training.methods.{config.method.name}").terms(
                config, facts
            )
        self.objective = Objective(terms).to(self.device)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        height, width = config.model.size
        label = torch.arange(options.batch) // 4
        view = torch.arange(options.batch) % 2
        self.batch = Batch(
            torch.randn(options.batch, 3, height, width).to(self.device), label.to(self.device),
            label.to(self.device), Side(view.to(self.device), view.to(self.device)), None, label,
        )  # fmt: skip

    def steps(self, n: int) -> float:
        """Seconds for n steps."""
        start = time.perf_counter()
        for _ in range(n):
            self.optimiser.zero_grad(set_to_none=True)
            self.objective(self.model, self.batch).total.backward()
            self.optimiser.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--backbone", default="timm:vit_tiny_patch16_224")
    parser.add_argument("--size", default="128x64")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.manual_seed(0)
    systems = {name: System(name, options) for name in RECIPES}
    for system in systems.values():
        system.steps(1)
    seconds: dict[str, list[float]] = {name: [] for name in RECIPES}
    for _ in range(options.rounds):
        for name, system in systems.items():
            seconds[name].append(system.steps(options.steps))
    plain = seconds[RECIPES[0]]
    print(f"{options.backbone} at {options.size}, batch {options.batch}, {torch.get_num_threads()} threads")
    for name in RECIPES:
        ratios = [p / s for p, s in zip(plain, seconds[name], strict=True)]
        numbers = sum(p.numel() for p in systems[name].model.parameters())
        rate = options.batch * options.steps / statistics.median(seconds[name])
        print(
            f"{name:18} {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) of ViT "
            f"images/s; {rate:.0f} images/s, {numbers / 1e6:.1f} M parameters"
        )
    if options.device.startswith("cuda"):
        print(f"peak memory of all four together: {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")


if __name__ == "__main__":
    main()
