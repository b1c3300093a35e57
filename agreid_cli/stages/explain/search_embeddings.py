"""Image or crop + embeddings of a file → the nearest crops. The file may be larger than memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import torch

from agreid_cli.config.explain_pages import SearchConfig
from agreid_cli.datasets.embedding_files import read_files
from agreid_cli.errors import InputError, MissingError, Problems, UsageError
from agreid_cli.metrics.approximate import Recall, faiss_module
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.artefact import metadata
from agreid_cli.records.embeddings import Part, Picked
from agreid_cli.records.files import sha256
from agreid_cli.records.runs import all_runs, find_run
from agreid_cli.records.side import NOT_GIVEN, GivenSide
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.search_index import search_rows
from agreid_cli.stages.explain.search_tracks import track_gallery
from agreid_cli.stages.run.decoded import Decoded
from agreid_cli.stages.run.devices import find_device
from agreid_cli.training.embed import SidedCrops, embed
from agreid_cli.training.saved import load_network
from agreid_cli.training.side import side_columns


@dataclass(frozen=True)
class Answer:
    """One crop; what the file does not say is None."""

    rank: int
    crop: str
    distance: float
    pid: int | None
    camid: int | None
    platform: str | None
    track: str | None = None  # of which `crop` is the nearest to the query
    crops: int | None = None  # of the track

    def as_data(self) -> dict[str, Any]:
        """As JSON; without the fields of tracks if crops were searched."""
        return {k: v for k, v in asdict(self).items() if v is not None or k not in ("track", "crops")}


@dataclass(frozen=True)
class Matches:
    """The nearest crops, nearest first, of the rows that were searched."""

    searched: int
    metric: str
    answers: tuple[Answer, ...]
    recall: Recall | None
    level: str = "crop"


def search_embeddings(
    workspace: Workspace,
    files: Sequence[Path],
    *,
    config: SearchConfig,
    image: Path | None = None,
    crop: str | None = None,
    run: str | None = None,
    given: GivenSide = NOT_GIVEN,
    device: str = "auto",
    index: bool = False,
    progress: Progress = SILENT,
) -> Matches:
    """The crops of embedding files nearest to an image, which a run embeds, or to one of these crops.

    Without `run`, the network is that of the run that made the file, else the newest. All rows are searched;
    pid and camera play no part. index: approximate, with its recall.
    """
    if (image is None) == (crop is None):
        raise UsageError(
            "give either --image or --crop with --embeddings", hint="--crop names a crop of the file."
        )
    if crop is not None and (run or given):
        raise UsageError("--run, --platform and --camid go with --image; --crop is in the file already")
    if index and config.level == "track":
        raise UsageError("--index is for crops; tracks are compared exactly", hint="Leave --index out.")
    if index:
        faiss_module()
    parts = read_files(files)
    rows = _Rows(parts, progress)
    if crop is not None:
        leave: int | None = rows.find(crop)
        query = rows.gallery[leave : leave + 1] if leave is not None else np.zeros((0, 1))
    else:
        assert image is not None
        leave, query = None, _embedded(workspace, files, image, run, given, device, rows.width, progress)
    if config.level == "track":
        return _nearest_tracks(workspace, rows, np.asarray(query, np.float32), leave, config, progress)
    found = search_rows(
        np.asarray(query, np.float32), rows.gallery, config=config, metric=config.metric,
        folder=workspace.indices if index else None, files=files, leave=leave, progress=progress,
    )  # fmt: skip
    answers = [
        rows.answer(rank, row, distance)
        for rank, (row, distance) in enumerate(
            zip(found.near.rows.tolist(), found.near.distance.tolist(), strict=True), start=1
        )
    ]
    return Matches(len(rows), config.metric, tuple(answers), found.recall)


def _nearest_tracks(
    workspace: Workspace,
    rows: _Rows,
    query: npt.NDArray[np.float32],
    crop: int | None,
    config: SearchConfig,
    progress: Progress,
) -> Matches:
    """The nearest tracks; if the query is a crop of the file, its whole track is the query."""
    if any(part.crop_id is None for part in rows.parts):
        raise InputError("tracks are found by crop_id, and not all rows have one")
    gallery = track_gallery(
        workspace, [part.features for part in rows.parts],
        [name for part in rows.parts for name in part.crop_id or ()],
        [pid for part in rows.parts for pid in (part.pid if part.pid is not None else [None] * len(part))],
        [c for part in rows.parts for c in (part.camid if part.camid is not None else [None] * len(part))],
        pool=config.pool, metric=config.metric, progress=progress,
    )  # fmt: skip
    leave = None
    if crop is not None:
        leave, query = gallery.of_crop(crop)
    if len(gallery) <= (leave is not None):
        raise InputError("no tracks to search", hint="Give embeddings of more tracks.")
    answers = [
        replace(rows.answer(rank, found.row, found.distance), track=found.track, crops=found.crops)
        for rank, found in enumerate(gallery.nearest(query, config.top, leave=leave), start=1)
    ]
    return Matches(len(gallery), config.metric, tuple(answers), None, "track")


class _Rows:
    """The rows of all parts, in order. Vectors of mapped files are read only when they are accessed."""

    def __init__(self, parts: Sequence[Part], progress: Progress) -> None:
        problems = Problems()
        self.width = int(parts[0].features.shape[1]) if parts else 0
        for part in parts:
            for text in part.notes:
                progress.note(text)
            if part.features.shape[1] == 0:
                problems.add(part.source, "has distances, not embeddings")
            elif part.features.shape[1] != self.width:
                problems.add(part.source, f"has {part.features.shape[1]} values per crop, not {self.width}")
        problems.raise_if_any("these files cannot be searched", hint="Write some with: agreid embed")
        self.parts = parts
        self.starts = np.cumsum([0, *(len(part) for part in parts)])
        placed = tuple((int(s), p.features) for s, p in zip(self.starts, parts, strict=False))
        self.gallery: Any = (
            parts[0].features if len(parts) == 1 else Picked(placed, np.arange(self.starts[-1]))
        )

    def __len__(self) -> int:
        return int(self.starts[-1])

    def find(self, crop: str) -> int:
        """The row of a crop; `InputError` if none or several have that name."""
        found = [
            int(start) + row
            for start, part in zip(self.starts, self.parts, strict=False)
            for row, name in enumerate(part.crop_id or ())
            if name == crop
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"the crop {crop} occurs {len(found)} times in the embeddings")
        if not any(part.crop_id for part in self.parts):
            raise InputError(f"{self.parts[0].file} has no crop ids, so --crop cannot name a crop")
        raise MissingError(
            f"no crop of the embeddings is called {crop}",
            hint=f"The first is called {next(part.crop_id[0] for part in self.parts if part.crop_id)}",
        )

    def answer(self, rank: int, row: int, distance: float) -> Answer:
        """What the file says of a row."""
        at = int(np.searchsorted(self.starts, row, side="right")) - 1
        part, row = self.parts[at], row - int(self.starts[at])
        return Answer(
            rank,
            part.crop_id[row] if part.crop_id else f"{part.source}, row {row + 1}",
            distance,
            None if part.pid is None or part.pid[row] < 0 else int(part.pid[row]),
            None if part.camid is None else int(part.camid[row]),
            part.platform[row] if part.platform else None,
        )


def _embedded(
    workspace: Workspace,
    files: Sequence[Path],
    image: Path,
    run: str | None,
    given: GivenSide,
    device: str,
    width: int,
    progress: Progress,
) -> npt.NDArray[np.float32]:
    """(1, D): the image, embedded as the files were; `InputError` if another network made them."""
    marks = _marks(files)
    sha = marks.get("weights_sha256")
    try:
        found = find_run(workspace, run or marks.get("run") or _made_by(workspace, sha))
    except MissingError as error:
        if run or "run" not in marks:
            raise
        raise MissingError(
            f"the embeddings were made by '{marks['run']}', which is no run of this workspace",
            hint="Embed the image with the same weights (agreid embed --weights ... --crops FOLDER), "
            "give both files, and search for the image with --crop.",
        ) from error
    network = load_network(found)
    if sha is not None and sha != network.weights_sha256:
        raise InputError(
            f"the embeddings are not of the weights of the run '{found.name}'",
            hint="Give the run that made them with --run, embed the crops again, or search for a crop of the "
            "file with --crop.",
        )
    if sha is None:
        progress.note(f"the files do not say what embedded them; the image is embedded by '{found.name}'")
    side = side_columns(
        network.model.needs, network.facts, camid=[given.camid], platform=[given.platform], run=found.name
    )
    where = torch.device(find_device(device))
    pixels = Decoded([image], network.config.model.size, network.config.data.interpolation)
    vector = embed(
        network.encoder(where), SidedCrops(pixels, side), batch=1, flip=marks.get("flip") == "True"
    )
    if vector.shape[1] != width:
        raise InputError(
            f"the run '{found.name}' gives {vector.shape[1]} values per crop; the embeddings have {width}",
            hint="Give the run that made them with --run.",
        )
    return vector


def _made_by(workspace: Workspace, weights_sha256: str | None) -> str | None:
    runs = all_runs(workspace) if weights_sha256 else ()
    return next((r.name for r in runs if r.weights.is_file() and sha256(r.weights) == weights_sha256), None)


def _marks(files: Sequence[Path]) -> dict[str, str]:
    """What `agreid embed` wrote about its network, if all files are its tables and agree."""
    said: list[dict[str, str]] = []
    for path in files:
        if path.suffix.lower() == ".csv":
            continue
        is_table = path.suffix.lower() == ".parquet"
        known = metadata(pq.read_schema(path).empty_table()) if is_table else {}
        said.append({key: value for key, value in known.items() if key in ("weights_sha256", "run", "flip")})
    return said[0] if said and all(marks == said[0] for marks in said) else {}
