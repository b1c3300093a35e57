"""Train the re-ID network that ships with agreid, `assets/reid/campus.safetensors`, on campuses only.

    python -m tests.benchmarks.train_reid FOLDER [--people 300] [--seeds 5001 5002] [--epochs 6]

Every campus is rendered in FOLDER/campus-SEED (seeds that the demo, the tests and RESULTS.md do not use), one
in two crowded and at half the size, and all people of all campuses are trained on together. Give the same
FOLDER again to go on after an interruption. The weights are kept as float16.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import torch
from safetensors.torch import save_file

from agreid_cli.cli.console import Console
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.config.recipes import load_train
from agreid_cli.config.synth import SynthConfig
from agreid_cli.nn import shipped
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.weights import load_pretrained
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus.synth import synth
from agreid_cli.stages.data.build_split import build_split
from agreid_cli.stages.data.import_dataset import import_dataset
from agreid_cli.stages.run.train import train

LARGEST = 4_000_000  # bytes
#: Of the people; the others show how well strangers of these campuses are told apart.
TRAINED = 0.95
SAYS = Console()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[5001, 5002])
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--backbone", default=shipped.BACKBONE)
    parser.add_argument("--weights", default="imagenet", help="to start from")
    parser.add_argument("--name", default="shipped", help="of the run in FOLDER")
    parser.add_argument("--set", action="append", default=[], help="one value of the recipe, as for train")
    options = parser.parse_args()
    folder = options.folder.resolve()
    campuses = [
        _campus(folder, seed, options.people, crowded=bool(number % 2))
        for number, seed in enumerate(options.seeds)
    ]
    joined = Workspace(folder)
    if not joined.split.is_file():
        import_dataset(joined, "list", _listed(folder, campuses), ImportConfig(), progress=SAYS)
        build_split(joined, SplitConfig(train_fraction=TRAINED), progress=SAYS)
    words = [
        f"model.backbone={options.backbone}", f"model.weights={options.weights}",
        f"schedule.epochs={options.epochs}", f"schedule.cosine_from={options.epochs // 4}",
        "optim.lr=7e-4", "validation.every=0", *options.set,
    ]  # fmt: skip
    run = Run(joined.runs / options.name)
    config = load_train(None, words, name="campus")
    train(joined, config=config, name=options.name, resume=run.config.is_file(), progress=SAYS)
    _keep(run, options.backbone, folder / f"{options.name}.safetensors")


def _campus(folder: Path, seed: int, people: int, *, crowded: bool) -> Workspace:
    """The crops of one campus, rendered directly; a crowded one has fewer and smaller videos."""
    workspace = Workspace(folder / f"campus-{seed}")
    how = {"size": 0.5, "pairs": 4} if crowded else {"size": 1.0}
    settings = SynthConfig.model_validate({"identities": people, "seed": seed, "every": 60, **how})
    synth(workspace, settings, truth_only=True, progress=SAYS)
    return workspace


def _listed(folder: Path, campuses: list[Workspace]) -> Path:
    """A list of all crops, in which no two campuses share a person or a camera."""
    path = folder / "crops.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "pid", "camid", "platform"])
        for number, campus in enumerate(campuses):
            for row in read_manifest(campus.manifest).to_pylist():
                image = (campus.root / row["path"]).relative_to(folder)
                table.writerow(
                    [image, number * 10_000 + row["pid"], number * 10 + row["camid"], row["platform"]]
                )
    return path


def _keep(run: Run, backbone_name: str, out: Path) -> None:
    """The backbone of the run as float16, by timm's names."""
    backbone = make_backbone(backbone_name, size=shipped.SIZE)
    report = load_pretrained(backbone, str(run.weights))
    assert not report.missing, report
    save_file({name: _half(tensor) for name, tensor in backbone.named_weights().items()}, out)
    assert out.stat().st_size <= LARGEST
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


def _half(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.half().contiguous() if tensor.is_floating_point() else tensor


if __name__ == "__main__":
    main()
