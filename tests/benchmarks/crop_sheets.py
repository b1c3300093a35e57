"""What can a person see in the crops? Sheets of crops without labels, and a score of written answers.

    python -m tests.benchmarks.crop_sheets draw WORKSPACE FOLDER [--n 20] [--seed 0]
    python -m tests.benchmarks.crop_sheets score WORKSPACE FOLDER ANSWERS.csv

`draw` writes FOLDER/uav.png and FOLDER/cctv.png, n numbered crops of different test people each, and
FOLDER/drawn.json, which says whose they are. The answers have the columns view, number, and one per attribute
group, with the labels of the codebook; an empty cell is no answer and counts as wrong. `score` prints the
fraction right beside the majority class of the sheet, and the labels that were confused most.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.records.manifest import attribute_matrix, codebook_of, read_manifest
from agreid_cli.records.split import read_split, sides_of
from agreid_cli.records.workspace import Workspace

HEIGHT, WIDTH, COLUMNS = 340, 200, 7


def draw(workspace: Workspace, folder: Path, n: int, seed: int) -> None:
    """Different people in the two views, crops as they are stored, enlarged to one height."""
    table = read_manifest(workspace.manifest)
    rows = {row["crop_id"]: row for row in table.to_pylist()}
    tested = {
        crop
        for pair in sides_of(read_split(workspace.split, table)).values()
        for side in pair
        for crop in side
    }
    rng = np.random.default_rng(seed)
    people = rng.permutation(sorted({rows[crop]["pid"] for crop in tested}))
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, list[str]] = {}
    for view in ("uav", "cctv"):
        left = [
            pid for pid in people.tolist() if pid not in {rows[c]["pid"] for cs in drawn.values() for c in cs}
        ]
        chosen: list[str] = []
        for pid in left:
            own = sorted(c for c in tested if rows[c]["pid"] == pid and rows[c]["platform"] == view)
            if own and len(chosen) < n:
                chosen.append(own[int(rng.integers(len(own)))])
        drawn[view] = chosen
        cells = [
            _cell(cv2.imread(str(workspace.root / rows[c]["path"])), at) for at, c in enumerate(chosen, 1)
        ]
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
        lines = [np.hstack(cells[at : at + COLUMNS]) for at in range(0, len(cells), COLUMNS)]
        cv2.imwrite(str(folder / f"{view}.png"), np.vstack(lines))
    (folder / "drawn.json").write_text(json.dumps(drawn, indent=1))


def _cell(image: np.ndarray, number: int) -> np.ndarray:
    scale = min(HEIGHT / image.shape[0], WIDTH / image.shape[1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=how)
    cell = np.full((HEIGHT + 30, WIDTH + 10, 3), 255, np.uint8)
    cell[28 : 28 + image.shape[0], 4 : 4 + image.shape[1]] = image
    cv2.putText(cell, str(number), (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    return cell


def score(workspace: Workspace, folder: Path, answers: Path) -> None:
    """Per group and view: right, and the majority class of these crops."""
    table = read_manifest(workspace.manifest)
    book = Codebook.from_json(codebook_of(table))
    place = {crop: row for row, crop in enumerate(table["crop_id"].to_pylist())}
    bits = attribute_matrix(table)
    drawn = json.loads((folder / "drawn.json").read_text())
    given = list(csv.DictReader(answers.open()))
    for group, start in zip(book.groups, book.starts, strict=True):
        if group.name not in given[0]:
            continue
        words, wrong = [], Counter()
        for view, crops in drawn.items():
            labels = [bits[place[c], start : start + len(group.bits)].argmax() for c in crops]
            truth = [group.bits[at].removeprefix(group.name) for at in labels]
            said = {int(row["number"]): row[group.name] for row in given if row["view"] == view}
            pairs = [(said.get(at, ""), label) for at, label in enumerate(truth, 1)]
            right = np.mean([one == other for one, other in pairs])
            usual = max(Counter(truth).values()) / len(truth)
            wrong.update(f"{one or '-'} for {other}" for one, other in pairs if one != other)
            words.append(f"{view} {100 * right:.0f} (majority {100 * usual:.0f})")
        often = ", ".join(f"{what} {n}" for what, n in wrong.most_common(4))
        print(f"{group.name}: {', '.join(words)}; said {often or 'nothing wrong'}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("draw", "score"))
    parser.add_argument("workspace", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("answers", type=Path, nargs="?")
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    workspace = Workspace(options.workspace)
    if options.what == "draw":
        draw(workspace, options.folder, options.n, options.seed)
    else:
        score(workspace, options.folder, options.answers)


if __name__ == "__main__":
    main()
