"""What the box of a crop tells of height and body volume, which the network does not see.

    python -m tests.benchmarks.box_cues WORKSPACE

Crops are resized to one shape before any network sees them. Gradient-boosted trees are fitted on the training
crops of a campus, from the shape of the box alone, or also from its size and place in the frame and the
altitude, and scored on the test crops: balanced accuracy beside chance, by platform.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from agreid_cli.records.manifest import attribute_matrix, read_manifest
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.bits import stored_codebook

GROUPS = ("height", "weight")
SHAPE = (0, 1)
CUES = {"shape": SHAPE, "shape, size, place, altitude": (*SHAPE, 2, 3, 4, 5)}


def main() -> None:
    """Print one line for each group, set of cues and platform."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    workspace = Workspace(parser.parse_args().workspace)
    manifest = read_manifest(workspace.manifest)
    table, bits = manifest.to_pandas(), attribute_matrix(manifest)
    book = stored_codebook(manifest, workspace.manifest)
    split = read_split(workspace.split, manifest).to_pandas()
    role = table.crop_id.map(dict(zip(split.crop_id, split.role, strict=True)))
    test = role.isin(["query", "gallery"]).to_numpy()
    uav = (table.platform == "uav").to_numpy()
    cues = np.column_stack(
        [
            np.log(table.width / table.height), uav, np.log(table.height / table.frame_height),
            table.y2 / table.frame_height, table.x1 / table.frame_width, table.altitude,
        ]
    )  # fmt: skip
    for group, start in zip(book.groups, book.starts, strict=True):
        if group.name not in GROUPS:
            continue
        label = bits[:, start : start + len(group.bits)].argmax(axis=1)
        for words, columns in CUES.items():
            trees = HistGradientBoostingClassifier(
                class_weight="balanced", max_depth=4, max_iter=80, random_state=0
            )
            trees.fit(cues[~test][:, columns], label[~test])
            for name, of in (("uav", test & uav), ("cctv", test & ~uav)):
                said = trees.predict(cues[of][:, columns])
                there = np.unique(label[of])
                recall = np.mean([(said[label[of] == one] == one).mean() for one in there])
                print(
                    f"{group.name}, from {words}, {name}: balanced accuracy {100 * recall:.1f} %, chance "
                    f"{100 / len(there):.1f} %, {of.sum()} crops"
                )


if __name__ == "__main__":
    main()
