"""Do the attention maps lie on the right part of the body? Against the exact body parts of the synthetic
campus.

    python -m tests.benchmarks.explain WORKSPACE [--run NAME] [--pairs 3000]

For every test crop and attribute group, the map of the label that the person has is brought to the size of
the crop:

- pointing game: does its most attended pixel lie on a part on which that attribute shows (`synth/parts.py`)?
- energy: how much of the map, from 0 at its least to 1 at its most, lies on these parts?

Both stand beside the share of the crop that these parts cover (chance), and beside the same two figures of
the mean of all the crop's maps: what a map that knows where a person is, but nothing of the attribute,
would reach. Then the pairs: of two different people who do differ in the attribute with the largest share,
does its map lie on the right part, in the crop of the one who has the attribute and in that of the other?
And do the contributions of the places to that attribute's part, which depend on both crops, and those
weighted by the evidence from which the stream recognises it (`explain --set show=evidence`)? The largest
share is that among the groups that the stream recognises on held-out people, which sentences may name.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from agreid_cli.nn.contributions import contributions
from agreid_cli.nn.evidence import differing_evidence
from agreid_cli.progress import SILENT
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.attention import spread
from agreid_cli.stages.explain.calibrate import calibration
from agreid_cli.stages.run.ranked import load_testing
from agreid_cli.stages.run.streams import known_bits, open_stream
from agreid_cli.synth.people.parts import GROUP_PARTS
from agreid_cli.training.pairs import Block


def sized(attention: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The map at the size of the mask."""
    return cv2.resize(attention.astype(np.float32), mask.shape[::-1], interpolation=cv2.INTER_LINEAR)


def points(attention: np.ndarray, inside: np.ndarray) -> tuple[bool, float]:
    """Pointing game and energy of a map at the size of the mask `inside`."""
    stretched = spread(attention)
    hit = bool(inside[np.unravel_index(attention.argmax(), attention.shape)])
    return hit, float(stretched[inside].sum() / max(stretched.sum(), 1e-9))


def main() -> None:
    """Print one line a group, the means, and the pairs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--run", default=None)
    parser.add_argument("--pairs", type=int, default=3000)
    options = parser.parse_args()
    workspace = Workspace(options.workspace)
    opened = open_stream(workspace, options.run)
    book = opened.codebook
    testing, crops = load_testing(workspace, opened.config, SILENT)
    bits = known_bits(workspace, book).of(testing.crop_id)
    table = read_manifest(workspace.manifest)
    path_of = dict(zip(table["crop_id"].to_pylist(), table["path"].to_pylist(), strict=True))
    masks: dict[int, np.ndarray] = {}
    maps: dict[int, np.ndarray] = {}
    for row, crop in enumerate(testing.crop_id):
        mask = cv2.imread(str(workspace.truth.crop_parts(path_of[crop])), cv2.IMREAD_UNCHANGED)
        if mask is not None and bits[row].any():
            masks[row] = mask
    rows = np.array(sorted(masks))
    print(f"{opened.run.name}: {len(rows)} test crops with body parts and attributes", flush=True)
    for place, found in opened.stream.blocks(opened.sided(testing, crops), rows, 32):
        for row, own in zip(rows[place].tolist(), found.maps.cpu().numpy(), strict=True):
            maps[row] = own
    by_group(book, bits, masks, maps)
    record = calibration(workspace, opened)
    known = [record is None or fit.recognised for fit in (record.groups if record else book.groups)]
    by_pair(opened, testing, crops, book, bits, masks, maps, np.repeat(known, book.sizes), options.pairs)


def by_group(book: Any, bits: np.ndarray, masks: dict[int, np.ndarray], maps: dict[int, np.ndarray]) -> None:
    """One line a group: own map, mean map, chance; pointing game and energy."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    for row, mask in masks.items():
        plain = sized(maps[row].mean(axis=0), mask)
        for group, start in zip(book.groups, book.starts, strict=True):
            inside = np.isin(mask, GROUP_PARTS[group.name])
            if not inside.any():
                continue  # turned away or hidden: there is no right place to point at
            bit = start + int(bits[row, start : start + len(group.bits)].argmax())
            own = points(sized(maps[row][bit], mask), inside)
            found[group.name].append([*own, *points(plain, inside), float(inside.mean())])
    print("group: crops, pointing game % (mean map %), energy % (mean map %), chance %")
    means = {name: np.mean(values, axis=0) for name, values in found.items()}
    for name, (hit, energy, plain_hit, plain_energy, area) in sorted(means.items(), key=lambda m: m[1][4]):
        print(
            f"{name}: {len(found[name])}, {100 * hit:.1f} ({100 * plain_hit:.1f}), "
            f"{100 * energy:.1f} ({100 * plain_energy:.1f}), {100 * area:.1f}"
        )
    hit, energy, plain_hit, plain_energy, area = np.mean(list(means.values()), axis=0)
    print(
        f"mean of groups: {100 * hit:.1f} ({100 * plain_hit:.1f}), "
        f"{100 * energy:.1f} ({100 * plain_energy:.1f}), {100 * area:.1f}"
    )


def by_pair(
    opened: Any, testing: Any, crops: Any, book: Any, bits: np.ndarray, masks: dict[int, np.ndarray],
    maps: dict[int, np.ndarray], recognised: np.ndarray, n_pairs: int,
) -> None:  # fmt: skip
    """Where the attribute with the largest share is looked for, in both crops of a pair of different
    people; recognised (M,): whether each attribute's group is.
    """
    place = {crop: row for row, crop in enumerate(testing.crop_id)}
    query, gallery = (
        np.array([place[c] for c in side if place[c] in masks]) for side in testing.lists["a2g"]
    )
    every = max(1, len(query) * len(gallery) // n_pairs)
    pid = np.array([known.pid for known in testing.known])
    tops: list[Top] = []

    def visit(block: Block) -> None:
        largest = np.where(recognised, block.shares.cpu().numpy(), -1).argmax(-1)
        for i, q in enumerate(query[block.rows]):
            for j, g in enumerate(gallery[block.columns]):
                at = (block.rows.start + i) * len(gallery) + block.columns.start + j
                if at % every == 0 and pid[q] != pid[g]:
                    bit = int(largest[i, j])
                    tops.append((q, g, bit, bool(bits[q, bit] != bits[g, bit])))

    sided = opened.sided(testing, crops)
    opened.stream.compare(sided, query, gallery, visit)
    say_pairs(opened, sided, book, bits, masks, maps, tops)


Top = tuple[int, int, int, bool]
WAYS = ("map", "mean map", "contributions", "evidence")


def say_pairs(
    opened: Any, crops: Any, book: Any, bits: np.ndarray, masks: dict[int, np.ndarray],
    maps: dict[int, np.ndarray], tops: list[Top],
) -> None:  # fmt: skip
    """The figures of pairs, each with the attribute of its largest share, and whether they differ in it."""
    group_of = np.repeat(np.arange(len(book.groups)), book.sizes)
    seen: dict[str, list[list[float]]] = defaultdict(list)
    used: dict[str, int] = defaultdict(int)
    for _, _, bit, _ in tops:
        used[book.groups[group_of[bit]].name] += 1
    differing = [top for top in tops if top[3]]  # else nothing differs there, and there is no right place
    ways = [contributed(opened, crops, differing, maps, show) for show in ("contributions", "evidence")]
    for (q, g, bit, _), *added in zip(differing, *ways, strict=True):
        group = book.groups[group_of[bit]].name
        for row, *from_places in zip((q, g), *added, strict=True):
            inside = np.isin(masks[row], GROUP_PARTS[group])
            if inside.any():
                own = points(sized(maps[row][bit], masks[row]), inside)
                plain = points(sized(maps[row].mean(axis=0), masks[row]), inside)
                new = [figure for way in from_places for figure in points(sized(way, masks[row]), inside)]
                who = "of the one who has it" if bits[row, bit] else "of the other"
                seen[who].append([*own, *plain, *new, float(inside.mean())])
    differs = np.mean([exclusive for *_, exclusive in tops])
    print(
        f"largest share of {len(tops)} pairs of different people: they differ in {100 * differs:.1f} %; then"
    )
    for who, values in seen.items():
        *found, area = 100 * np.mean(values, axis=0)
        print(f"in the crop {who}: {len(values)}, pointing game / energy, chance {area:.1f}")
        for words, hit, energy in zip(WAYS, found[::2], found[1::2], strict=True):
            print(f"  {words}: {hit:.1f} / {energy:.1f}")
    common = sorted(used.items(), key=lambda item: -item[1])[:6]
    print("most often: " + ", ".join(f"{name} {100 * n / len(tops):.0f} %" for name, n in common))


def contributed(
    opened: Any, crops: Any, tops: list[Top], maps: dict[int, np.ndarray], show: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """What the places of both crops of each pair contribute, as `stages/explain/drawn.py` draws it."""
    found = []
    stream = opened.stream
    for start in range(0, len(tops), 32):
        some = tops[start : start + 32]
        images, sides = [], []
        for rows in zip(*[(q, g) for q, g, _, _ in some], strict=True):
            images.append(stream.encoder.images(np.stack([crops.pixels[row : row + 1][0] for row in rows])))
            sides.append(crops.side.of(np.array(rows), stream.device))
        bits = [bit for _, _, bit, _ in some]
        if show == "evidence":
            which = torch.tensor(bits, device=stream.device)
            both = differing_evidence(
                stream.model, (images[0], images[1]), (sides[0], sides[1]), which,
                torch.arange(len(bits), device=stream.device),
            )  # fmt: skip
        else:
            own = [
                torch.from_numpy(np.stack([maps[top[side]][top[2]] for top in some])).unsqueeze(1)
                for side in (0, 1)
            ]
            both = contributions(
                stream.model, *images, (sides[0], sides[1]),
                maps=(own[0].to(stream.device), own[1].to(stream.device)),
            )  # fmt: skip
        first, second = (side.clamp_min(0).cpu().numpy() for side in both)
        found += list(zip(first, second, strict=True))
    return found


if __name__ == "__main__":
    main()
