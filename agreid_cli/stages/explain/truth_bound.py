"""The upper bound of the paper's shares: masks and labels of the campus in place of the stream's own.

On a synthetic campus it is known which pixels of a crop show which body part. The map of a bit is then 1 on
the parts on which its group shows if the person has the label, and `LOW` everywhere else. What the shares of
these maps score is what a stream that recognises and locates everything would score under the paper's
formulas.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.metrics.explain.explanation import ExplanationMeter
from agreid_cli.metrics.protocol import Sides
from agreid_cli.nn.pooled import CrossDistances
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.streams import KnownBits, OpenStream
from agreid_cli.synth.people.parts import GROUP_PARTS
from agreid_cli.training.embed import SidedCrops

LOW = 0.05  # of a map where it shows nothing; Eq. 1 allows no 0
MOST_CROPS = 100  # of either side
Floats = npt.NDArray[np.float32]


def truth_bound(
    workspace: Workspace,
    opened: OpenStream,
    crops: SidedCrops,
    embeddings: Embeddings,
    found: Sides,
    known: KnownBits,
) -> ExplanationMeter | None:
    """The metrics over at most 100 × 100 crops with masks and labels; None without ground truth."""
    masks = _Masks(workspace, opened.codebook)
    sides = [_rows(rows, embeddings, known, masks) for rows in (found.query, found.gallery)]
    if not masks.path_of or not all(len(rows) for rows in sides):
        return None
    vectors, base, bits = [], [], []
    for rows in sides:
        ids = embeddings.crop_id[rows].tolist()
        own = known.of(ids)
        made, plain = _vectors(opened, crops, rows, [masks.of(crop) for crop in ids], own)
        vectors.append(made)
        base.append(plain)
        bits.append(own)
    with torch.inference_mode():
        parts = CrossDistances(vectors[0])(vectors[1]).cpu().numpy()
        d = CrossDistances(base[0].unsqueeze(1))(base[1].unsqueeze(1))[0].cpu().numpy()
    pids = [embeddings.pid[rows] for rows in sides]
    camids = [embeddings.camid[rows] for rows in sides]
    same = pids[0][:, None] == pids[1][None]
    q, g = np.nonzero(~(same & (camids[0][:, None] == camids[1][None])))
    chosen = parts[:, q, g].T
    shares = chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1e-6)
    meter = ExplanationMeter()
    if len(q):
        meter.add(shares, bits[0][q] != bits[1][g], d[q, g], chosen.mean(axis=1))
    return meter


class _Masks:
    """The body parts of the crops of a campus."""

    def __init__(self, workspace: Workspace, book: Codebook) -> None:
        self.book, self.truth = book, workspace.truth
        self.path_of: dict[str, str] = {}
        if self.truth.root.is_dir() and set(book.names) <= set(GROUP_PARTS):
            table = read_manifest(workspace.manifest)
            self.path_of = dict(zip(table["crop_id"].to_pylist(), table["path"].to_pylist(), strict=True))

    def there(self, crop: str) -> bool:
        return crop in self.path_of and self.truth.crop_parts(self.path_of[crop]).is_file()

    def of(self, crop: str) -> npt.NDArray[np.uint8]:
        path = self.truth.crop_parts(self.path_of[crop])
        return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), np.uint8)


def _rows(
    rows: npt.NDArray[np.intp], embeddings: Embeddings, known: KnownBits, masks: _Masks
) -> npt.NDArray[np.intp]:
    """At most `MOST_CROPS` rows with labels and a mask, evenly spread."""
    ids = embeddings.crop_id[rows].tolist()
    labelled = known.of(ids).max(axis=1) > 0
    fit = rows[[bool(has) and masks.there(crop) for crop, has in zip(ids, labelled.tolist(), strict=True)]]
    if len(fit) <= MOST_CROPS:
        return fit
    return fit[np.linspace(0, len(fit) - 1, MOST_CROPS).astype(np.intp)]


def _vectors(
    opened: OpenStream,
    crops: SidedCrops,
    rows: npt.NDArray[np.intp],
    masks: list[npt.NDArray[np.uint8]],
    bits: npt.NDArray[np.uint8],
) -> tuple[torch.Tensor, torch.Tensor]:
    """n×M×D and n×D: the vectors under the maps of the truth, and the embeddings."""
    stream = opened.stream
    vectors, base = [], []
    for start in range(0, len(rows), stream.batch):
        place = slice(start, start + stream.batch)
        pixels = np.stack([crops.pixels[row : row + 1][0] for row in rows[place].tolist()])
        with torch.inference_mode():
            features = stream.model.features(
                stream.encoder.images(pixels), crops.side.of(rows[place], stream.device)
            )
            maps = np.stack(
                [
                    truth_maps(mask, own, opened.codebook, (features.shape[2], features.shape[3]))
                    for mask, own in zip(masks[place], bits[place], strict=True)
                ]
            )
            vectors.append(stream.model.weighted(features, torch.from_numpy(maps).to(stream.device)))
            base.append(stream.model.embed_features(features))
    return torch.cat(vectors), torch.cat(base)


def truth_maps(
    mask: npt.NDArray[np.uint8], bits: npt.NDArray[np.uint8], book: Codebook, grid: tuple[int, int]
) -> Floats:
    """Part numbers (h, w) and the bits of the person (M,) → maps (M, H, W)."""
    maps = np.full((book.n_bits, *grid), LOW, np.float32)
    for group, start in zip(book.groups, book.starts, strict=True):
        inside = np.isin(mask, GROUP_PARTS[group.name]).astype(np.float32)
        covers = cv2.resize(inside, grid[::-1], interpolation=cv2.INTER_AREA)
        for bit in range(start, start + len(group.bits)):
            if bits[bit]:
                maps[bit] += (1 - LOW) * covers
    return maps
