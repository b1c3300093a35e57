"""What the boxes of crops tell of height and body volume, which resizing takes from the pixels.

    python -m tests.benchmarks.box_cues WORKSPACE

The logistic regression of `nn/boxed.py`, and gradient-boosted trees as a peer, are fitted on the training
crops of a campus, from all cues of the box or from its shape and view alone, and scored on the test crops:
balanced accuracy beside chance, by platform. The label is that whose probability exceeds its mean over the
training crops most; of the trees, whose classes are weighted, the most probable one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from agreid_cli.nn.boxed import Boxed
from agreid_cli.records.box_cues import CUES, box_cues
from agreid_cli.records.manifest import attribute_matrix, read_manifest
from agreid_cli.records.side import Side
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.bits import stored_codebook

GROUPS = ("height", "weight")
TAKEN = {"shape and view": ("shape", "view"), "all cues": CUES}


def labelled(cues: np.ndarray, bits: np.ndarray, train: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The labels that both say, (N,)."""
    label = bits.argmax(axis=1)
    given = torch.from_numpy(cues)
    boxed = Boxed(bits.shape[1])
    boxed.fit(given[train], torch.from_numpy(bits[train]))
    with torch.no_grad():
        chances = boxed(Side(box=given)).sigmoid().numpy()
    yield "logistic regression", (chances / chances[train].mean(axis=0)).argmax(axis=1)
    trees = HistGradientBoostingClassifier(class_weight="balanced", max_depth=4, max_iter=80, random_state=0)
    yield "trees", trees.fit(cues[train], label[train]).predict(cues)


def main() -> None:
    """Print one line for each group, set of cues, peer and platform."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    workspace = Workspace(parser.parse_args().workspace)
    table = read_manifest(workspace.manifest)
    book, bits, cues = stored_codebook(table, workspace.manifest), attribute_matrix(table), box_cues(table)
    split = read_split(workspace.split, table).to_pandas()
    role_of = dict(zip(split.crop_id, split.role, strict=True))
    role = np.array([role_of.get(crop) for crop in table["crop_id"].to_pylist()])
    test, train = np.isin(role, ["query", "gallery"]), role == "train"
    uav = np.array(table["platform"].to_pylist()) == "uav"
    for group, start in zip(book.groups, book.starts, strict=True):
        if group.name not in GROUPS:
            continue
        own = bits[:, start : start + len(group.bits)]
        label = own.argmax(axis=1)
        for words, names in TAKEN.items():
            taken = np.where(np.isin(CUES, names), cues, 0).astype(np.float32)
            for peer, said in labelled(taken, own, train):
                for name, of in (("uav", test & uav), ("cctv", test & ~uav)):
                    there = np.unique(label[of])
                    recall = np.mean([(said[of][label[of] == one] == one).mean() for one in there])
                    print(
                        f"{group.name}, {words}, {peer}, {name}: balanced accuracy {100 * recall:.1f} %, "
                        f"chance {100 / len(there):.1f} %, {of.sum()} crops"
                    )


if __name__ == "__main__":
    main()
