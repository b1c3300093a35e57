"""How many training people does a network need to see attributes? A plain classifier, judged on strangers.

    python -m tests.benchmarks.recognise WORKSPACE --people 300 1200 --seeds 0 1 2 [--images 12800]
        [--size 256x128] [--start shipped] [--out FILE.jsonl]

The classifier is what the recipe `campus` starts from, a mean over places, and one linear layer with a
cross-entropy per attribute group. It is trained on the first so many training people of the split (in an
order drawn with the seed), on equally many images whatever their number, calibrated on 60 other training
people as a stream is, and judged on all test crops. Printed are

- balanced accuracy, where the most probable label is taken after division of the calibrated probabilities by
  their means over the held-out people, and chance (one in so many labels that occur);
- accuracy of the most probable label, and that of the majority class;
- groups with 10 points of balanced accuracy above chance, and groups recognised by the calibration;
- X-mAP_e of the expected shares of these probabilities over random pairs of different test people, beside its
  constant baseline: what a stream with this recognition would score.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.metrics.explain.calibration import calibrate_group, calibrated, frequencies, over_typical
from agreid_cli.metrics.explain.expected import ExpectedShares
from agreid_cli.metrics.explain.explanation import ExplanationMeter
from agreid_cli.metrics.explain.recognition import recognition
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.weights import load_pretrained
from agreid_cli.progress import SILENT
from agreid_cli.records.manifest import codebook_of, read_manifest
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.training.batches import Batches
from agreid_cli.training.held_out import without
from agreid_cli.training.intake import load_crops, packed
from agreid_cli.training.samples import Samples, training_samples

CALIBRATED_ON = 60  # people
PAIRS = 40_000
RATE, WARM_UP = 7e-4, 50


class Classifier(nn.Module):
    """Images to logits (B, M), one softmax per group."""

    needs: frozenset[str] = frozenset()

    def __init__(self, config: Any, n_bits: int) -> None:
        super().__init__()
        self.backbone = make_backbone(config.model.backbone, size=config.model.size)
        load_pretrained(self.backbone, config.model.weights)
        self.tail = self.backbone.make_tail()
        self.mean, self.std = self.backbone.mean, self.backbone.std
        self.logits = nn.Linear(self.backbone.channels, n_bits)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.logits(self.tail(self.backbone(images, None)).grid.mean((2, 3)))


def trained(config: Any, book: Codebook, samples: Samples, images: np.ndarray, n: int) -> tuple[Any, float]:
    """The classifier after n images, and the mean loss per group over the last tenth of the steps."""
    torch.manual_seed(config.seed)
    model = Classifier(config, book.n_bits).to(memory_format=torch.channels_last)
    batches = Batches(
        samples, images, data=config.data, augment=config.augment, mean=model.mean, std=model.std,
        seed=config.seed,
    )  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, weight_decay=5e-4)
    steps, done, losses = n // config.data.batch, 0, []
    model.train()
    for epoch in range(10**6):
        for batch in batches.epoch(epoch):
            cosine = 0.5 * (1 + np.cos(np.pi * done / steps))
            optimiser.param_groups[0]["lr"] = RATE * cosine * min(1.0, (done + 1) / WARM_UP)
            logits, labels = model(batch.images), batch.attrs
            loss = torch.stack([
                nn.functional.cross_entropy(logits[:, at : at + n], labels[:, at : at + n].float())
                for at, n in zip(book.starts, book.sizes, strict=True)
            ]).mean()  # fmt: skip
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
            done += 1
            if done == steps:
                return model.eval(), float(np.mean(losses[-max(1, steps // 10) :]))
    raise AssertionError


def read(encoder: Encoder, images: Any) -> np.ndarray:
    """Logits (n, M)."""
    with torch.inference_mode():
        return np.concatenate([
            encoder.model(encoder.images(images[at : at + 64])).numpy() for at in range(0, len(images), 64)
        ])  # fmt: skip


def judged(
    book: Codebook, logits: np.ndarray, held: tuple[np.ndarray, Samples], testing: tuple[Any, ...],
    train_bits: np.ndarray,
) -> dict[str, Any]:  # fmt: skip
    """The figures of one classifier; `testing`: test bits (n, M) and pids (n,)."""
    bits, pid = testing
    priors = frequencies(train_bits, book.sizes)
    groups = [
        calibrate_group(
            held[0][:, at : at + n], held[1].attrs[:, at : at + n].argmax(axis=1), held[1].pid, prior
        )
        for at, n, prior in zip(book.starts, book.sizes, priors, strict=True)
    ]  # fmt: skip
    sure = calibrated(1 / (1 + np.exp(-logits.astype(np.float64))), groups, book.sizes)
    typical = np.concatenate([group.typical for group in groups])
    powers = np.repeat([group.evenness for group in groups], book.sizes)
    plain = recognition(sure, bits, book.sizes, even=over_typical(sure, typical, powers))
    rng, meter = np.random.default_rng(0), ExplanationMeter()
    one, other = (rng.integers(len(bits), size=PAIRS) for _ in range(2))
    one, other = (rows[pid[one] != pid[other]] for rows in (one, other))
    shares = ExpectedShares(book.sizes, v=0.5)(torch.from_numpy(sure[one]), torch.from_numpy(sure[other]))
    meter.add(shares.numpy(), bits[one] != bits[other], np.ones(len(one)), np.ones(len(one)))
    value, chance, constant = meter.means()["XmAP_e"]
    rows = {
        group.name: [100 * float(column[at]) for column in
                     (plain.balanced, 1 / plain.labels, plain.accuracy, plain.majority)]
        for at, group in enumerate(book.groups)
    }  # fmt: skip
    return {
        "groups": rows,
        "over_chance": sum(row[0] >= row[1] + 10 for row in rows.values()),
        "recognised": [g.name for g, fit in zip(book.groups, groups, strict=True) if fit.recognised],
        "XmAP_e": [100 * value, 100 * constant, 100 * chance],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--people", type=int, nargs="+", default=[300])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--images", type=int, default=12_800, help="seen in training")
    parser.add_argument("--size", default="128x64")
    parser.add_argument("--start", default="shipped", help="weights of the backbone")
    parser.add_argument("--out", type=Path, default=None, help="a line of JSON per classifier is added")
    options = parser.parse_args()
    torch.set_num_threads(1)
    workspace = Workspace(options.workspace)
    table = read_manifest(workspace.manifest)
    book = Codebook.from_json(codebook_of(table))
    everyone = training_samples(table, read_split(workspace.split, table), workspace.manifest.parent)
    for seed in options.seeds:
        config = with_overrides(recipe("campus"), [
            f"seed={seed}", f"model.size={options.size}", f"model.weights={options.start}",
            "data.sampler=pk", "data.p=16", "data.k=2",
        ])  # fmt: skip
        testing, crops = load_testing(workspace, config, SILENT)
        wanted = load_crops(workspace, testing.crop_id, config, progress=SILENT)[0]
        pids = np.random.default_rng([seed, 7]).permutation(np.unique(everyone.pid))
        held = everyone.take(np.flatnonzero(np.isin(everyone.pid, pids[:CALIBRATED_ON])))
        held, held_images = packed(workspace, held, config, part=f"recognise-held-{seed}")
        rest = without(everyone, pids[:CALIBRATED_ON])
        rest, images = packed(workspace, rest, config, part=f"recognise-{seed}")
        for n in options.people:
            rows = np.flatnonzero(np.isin(rest.pid, pids[CALIBRATED_ON : CALIBRATED_ON + n]))
            samples, began = rest.take(rows), time.perf_counter()
            model, loss = trained(config, book, samples, images[rows], options.images)
            people = np.unique(samples.pid, return_index=True)[1]
            encoder = Encoder(model, size=config.model.size)
            found = judged(
                book, read(encoder, crops), (read(encoder, held_images), held), (wanted.attrs, wanted.pid),
                samples.attrs[people],
            )  # fmt: skip
            told = {"people": len(people), "crops": len(rows), "seed": seed, "size": options.size,
                    "start": options.start, "images": options.images, "loss": loss,
                    "seconds": time.perf_counter() - began, **found}  # fmt: skip
            say(told)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(told) + "\n")


def say(told: dict[str, Any]) -> None:
    """One classifier."""
    value, constant, chance = told["XmAP_e"]
    print(
        f"\n{told['people']} people, {told['crops']} crops, seed {told['seed']}, {told['size']}, from "
        f"{told['start']}, {told['images']} images, {told['seconds']:.0f} s, last training loss "
        f"{told['loss']:.3f}\nX-mAP_e of expected shares {value:.1f}, constant baseline {constant:.1f}, "
        f"chance {chance:.1f}; {told['over_chance']} groups 10 points above chance; recognised: "
        f"{', '.join(told['recognised']) or 'none'}\ngroup: balanced (chance), accuracy (majority) %"
    )
    for name, (balanced, one, accuracy, majority) in told["groups"].items():
        print(f"{name}: {balanced:.1f} ({one:.1f}), {accuracy:.1f} ({majority:.1f})")
    print(flush=True, end="")


if __name__ == "__main__":
    main()
