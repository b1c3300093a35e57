"""Sizes, clothes and ranking difficulty of the synthetic people, and the rendering speed.

    python -m tests.benchmarks.campus measure FOLDER --identities 96 --pairs 6 --seconds 24
    python -m tests.benchmarks.campus speed
    python -m tests.benchmarks.campus pictures assets/pictures

`measure` makes a `--truth-only` campus in FOLDER (or takes the one that lies there) and prints crop sizes and
attribute shares beside the published ones, and how well colour histograms and an untrained network rank.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.cli.console import Console
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.recipes import recipe
from agreid_cli.config.synth import SynthConfig
from agreid_cli.nn.model import build_model
from agreid_cli.nn.spec import spec_from
from agreid_cli.records.manifest import attribute_matrix, codebook_of, read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus.synth import synth
from agreid_cli.stages.campus.synth_work import at_work, cut_out, film, over, reels
from agreid_cli.stages.data.build_split import build_split
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.synth.film.shoot import moment, shoot
from agreid_cli.synth.film.truth import cuts
from agreid_cli.synth.people.population import SHARES
from agreid_cli.synth.place.world import Plan, make_campus
from agreid_cli.vision.embedders.colour import ColourEmbedder

#: Smallest and largest crop of the paper (§III-A), width × height.
PUBLISHED = {"uav": ((31, 59), (371, 678)), "cctv": ((22, 23), (172, 413))}


def measure(workspace: Workspace, config: SynthConfig) -> None:
    console = Console()
    synth(workspace, config, truth_only=True, progress=console)
    build_split(workspace, SplitConfig(), progress=console)
    table = read_manifest(workspace.manifest)
    rows = table.to_pylist()
    print("\n| camera | crops | per identity | smallest | median | largest | paper |\n|" + "---|" * 7)
    for platform, (low, high) in PUBLISHED.items():
        here = [row for row in rows if row["platform"] == platform]
        sizes = np.array([(row["width"], row["height"]) for row in here])
        by_area = sizes[np.argsort(sizes.prod(axis=1))]
        small, middle, large = (by_area[at] for at in (0, len(sizes) // 2, -1))
        counts = Counter(row["pid"] for row in here)
        print(
            f"| {platform} | {len(here)} | {np.mean(list(counts.values())):.1f} | {small[0]}×{small[1]} | "
            f"{middle[0]}×{middle[1]} | {large[0]}×{large[1]}; widest {sizes[:, 0].max()}, highest "
            f"{sizes[:, 1].max()} | {low[0]}×{low[1]} … {high[0]}×{high[1]} |"
        )
    _shares(table)
    for name, vectors in (("colours", _colours(workspace, rows)), ("untrained", _untrained(workspace, rows))):
        file = workspace.root / f"{name}.npz"
        np.savez(file, embeddings=vectors, crop_ids=np.array([row["crop_id"] for row in rows]))
        for result in evaluate(workspace, config=EvaluateConfig(), files=[file], directions=["a2g", "g2a"]):
            print(
                f"{name} {result.direction}: Rank-1 {result.cmc[0]:.1%}, mAP {result.mAP:.1%}, "
                f"{result.n_valid} queries, {result.n_gallery} in the gallery"
            )


def _shares(table: object) -> None:
    """Identities a label beside the published shares, per cent."""
    book = Codebook.from_json(codebook_of(table))
    first = {pid: at for at, pid in reversed(list(enumerate(table["pid"].to_pylist())))}  # type: ignore[index]
    bits = attribute_matrix(table)[sorted(first.values())]
    print(f"\n{len(bits)} identities with a crop; per cent here (published), labels over 0.5 %")
    worst = 0.0
    for group, start in zip(book.groups, book.starts, strict=True):
        total, words = sum(SHARES[group.name].values()), []
        for at, bit in enumerate(group.bits):
            label = bit.removeprefix(group.name)
            here, there = bits[:, start + at].mean() * 100, SHARES[group.name].get(label, 0) / total * 100
            worst = max(worst, abs(here - there))
            if max(here, there) > 0.5:
                words.append(f"{label} {here:.1f} ({there:.1f})")
        print(f"| {group.name} | {', '.join(words)} |")
    print(f"largest difference: {worst:.1f} points\n")


def _colours(workspace: Workspace, rows: list[dict]) -> np.ndarray:
    embed = ColourEmbedder()
    out = []
    for row in rows:
        image = cv2.imread(str(workspace.root / row["path"]))
        out.append(embed(np.array([[0, 0, image.shape[1], image.shape[0]]]), image)[0])
    return np.stack(out)


def _untrained(workspace: Workspace, rows: list[dict]) -> np.ndarray:
    """The campus recipe's network as it begins."""
    import torch

    config = recipe("campus")
    torch.manual_seed(0)
    model = build_model(spec_from(config.model, config.loss), 2).eval()
    height, width = config.model.size
    mean, std = (np.array(v, np.float32) for v in (model.backbone.mean, model.backbone.std))
    out = []
    with torch.inference_mode():
        for start in range(0, len(rows), 64):
            images = []
            for row in rows[start : start + 64]:
                image = cv2.cvtColor(cv2.imread(str(workspace.root / row["path"])), cv2.COLOR_BGR2RGB)
                images.append((cv2.resize(image, (width, height)) / 255 - mean) / std)
            batch = torch.from_numpy(np.stack(images).astype(np.float32)).permute(0, 3, 1, 2)
            out.append(model.embed(batch).numpy())
    return np.concatenate(out)


def speed(rounds: int) -> None:
    """Frames and crops a second by number of workers, once they have started and know the campus.

    The memory is the most that this process had after a third of the one worker's work, and after all of it.
    """
    config = SynthConfig(identities=24, pairs=3, seconds=20, seed=11)
    todo = reels(config)
    print("| what | 1 worker | 2 workers | times | memory after a third | after all |\n" + "|---" * 6 + "|")
    for name, work, chosen, each in (
        ("frames 3840×2160", film, [r for r in todo if r.platform == "uav"], 4),
        ("frames 704×480", film, [r for r in todo if r.platform == "cctv"], 20),
        ("crops, --truth-only", cut_out, todo, 10),
    ):
        rates, memory = [], []
        for workers in (1, 2):
            with at_work(workers) as over_all:
                for reel in chosen:  # every worker meets the campus and its ground
                    list(over_all(over(work, config, reel), range(2 * workers)))
                done, began = 0, time.perf_counter()
                for turn in range(3 * rounds):
                    for reel in chosen:
                        first = turn * each * 7 % (reel.frames - each * 3)
                        for found in over_all(over(work, config, reel), range(first, first + each * 3, 3)):
                            done += len(found) if isinstance(found, list) else 1
                    if workers == 1 and turn in (rounds - 1, 3 * rounds - 1):
                        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
                rates.append(done / (time.perf_counter() - began))
        print(
            f"| {name} | {rates[0]:.2f} | {rates[1]:.2f} | {rates[1] / rates[0]:.2f} "
            f"| {memory[0]:.0f} MB | {memory[1]:.0f} MB |",
            flush=True,
        )


def pictures(folder: Path, seed: int) -> None:
    """A frame of each camera, and ten people: above by the drone, below by the wall camera."""
    folder.mkdir(parents=True, exist_ok=True)
    campus = make_campus(Plan(identities=60, pairs=6, seconds=20.0, size=1.0, fps=30, seed=seed))
    frame = 300
    drone, wall = (shoot(moment(campus[0], platform, frame)).image for platform in ("uav", "cctv"))
    _save(folder / "campus-uav.jpg", cv2.resize(drone, (1280, 720), interpolation=cv2.INTER_AREA), 150)
    _save(folder / "campus-cctv.jpg", wall, 110)
    columns = []
    for pair in campus[:4]:
        best: dict[str, dict[int, tuple[float, np.ndarray]]] = {"uav": {}, "cctv": {}}
        for platform, seen in best.items():
            for at in range(0, pair.frames, 60):
                for cut in cuts(moment(pair, platform, at), least_height=100 if platform == "uav" else 70):
                    worth = cut.sight.visible * cut.sight.in_frame * min(cut.image.shape[0], 200)
                    if worth > seen.get(cut.sight.track_id, (0.0,))[0]:
                        seen[cut.sight.track_id] = (worth, cut.image)
        both = sorted(best["uav"].keys() & best["cctv"].keys())
        columns += [[_shown(best[platform][track][1]) for platform in best] for track in both]
    chosen = columns[:: max(1, len(columns) // 10)][:10]
    _save(folder / "campus-people.jpg", np.hstack([np.vstack(column) for column in chosen]), 110)


def _shown(image: np.ndarray, size: tuple[int, int] = (112, 224)) -> np.ndarray:
    scale = min(size[0] / image.shape[1], size[1] / image.shape[0])
    small = cv2.resize(
        image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    out = np.full((size[1] + 6, size[0] + 6, 3), 255, np.uint8)
    y, x = (size[1] - small.shape[0]) // 2 + 3, (size[0] - small.shape[1]) // 2 + 3
    out[y : y + small.shape[0], x : x + small.shape[1]] = small
    return out


def _save(path: Path, image: np.ndarray, most_kb: int) -> None:
    for quality in range(92, 20, -4):
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        if len(data) <= most_kb * 1000:
            break
    path.write_bytes(bytes(data))
    print(f"{path}: {image.shape[1]}×{image.shape[0]}, {len(data) / 1000:.0f} kB, quality {quality}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    jobs = parser.add_subparsers(dest="job", required=True)
    one = jobs.add_parser("measure")
    one.add_argument("folder", type=Path)
    for name, kind, usual in (
        ("identities", int, 96),
        ("pairs", int, 6),
        ("seconds", float, 24.0),
        ("seed", int, 0),
    ):
        one.add_argument(f"--{name}", type=kind, default=usual)
    two = jobs.add_parser("speed")
    two.add_argument("--rounds", type=int, default=1, help="thirds of the work of a line")
    three = jobs.add_parser("pictures")
    three.add_argument("folder", type=Path)
    three.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.job == "measure":
        config = SynthConfig(
            identities=given.identities, pairs=given.pairs, seconds=given.seconds, seed=given.seed
        )
        measure(Workspace(given.folder), config)
    elif given.job == "speed":
        speed(given.rounds)
    else:
        pictures(given.folder, given.seed)


if __name__ == "__main__":
    main()
