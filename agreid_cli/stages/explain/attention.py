"""Transformer run + crops → where its class token looks, as one page; for runs without attribute maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import torch

from agreid_cli import __version__
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.rollout import rollout
from agreid_cli.progress import Progress
from agreid_cli.records.files import write_bytes, write_text
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.attention_page import Attended, attention_page, attention_sheet
from agreid_cli.stages.explain.explainer import read_source
from agreid_cli.stages.explain.seen import Source
from agreid_cli.stages.run.devices import find_device
from agreid_cli.training.saved import Loaded, load_network
from agreid_cli.training.side import side_columns


class Looker:
    """Shows the attention of one run on crops."""

    def __init__(self, run: Run, *, device: str) -> None:
        self.run = run
        self.network: Loaded = load_network(run)
        self.encoder: Encoder = self.network.encoder(find_device(device))

    def see(self, source: Source) -> tuple[Attended, torch.Tensor]:
        """The crop with its map, and its embedding, 1×D."""
        pixels, shown = read_source(source, self.network.config)
        side = side_columns(
            self.encoder.needs, self.network.facts, camid=[source.camid], platform=[source.platform],
            run=self.run.name,
        ).of(slice(1), self.encoder.device)  # fmt: skip
        images = self.encoder.images(pixels[None])
        weights = rollout(self.network.model, images, side)[0].numpy()
        with torch.inference_mode():
            embedding = self.encoder.embed(images, side)
        return Attended(source.name, shown, weights), torch.nn.functional.normalize(embedding)


def explain_attention(
    workspace: Workspace,
    run: Run,
    sources: Sequence[Source],
    *,
    same: Sequence[bool | None],
    title: str,
    lede: str,
    name: str,
    out: Path | None,
    device: str,
    progress: Progress,
) -> tuple[Path, tuple[Path, ...], tuple[dict[str, Any], ...]]:
    """The first source beside each other one: page, pictures, and the pairs as data.

    same: for each pair whether both show one person, None if unknown.
    """
    progress.note(
        f"the run '{run.name}' has no attribute maps: the attention of its class token is shown instead"
    )
    looker = Looker(run, device=device)
    first, own = looker.see(sources[0])
    pairs: list[tuple[Attended, Attended, float, bool | None]] = []
    data: list[dict[str, Any]] = []
    pictures: list[Path] = []
    folder = out or run.root / "explain"
    with progress.task("explaining", len(sources) - 1, "pairs") as task:
        for number, (source, match) in enumerate(zip(sources[1:], same, strict=True), start=1):
            second, other = looker.see(source)
            distance = float(1 - (own * other).sum())
            pairs.append((first, second, distance, match))
            said = "attention of the class token"
            data.append(
                {
                    "first": first.name, "second": second.name, "match": match, "distance": distance,
                    "gap": None, "sentence": said, "attributes": [],
                }
            )  # fmt: skip
            path = folder / f"{name}-{number}.png"
            write_bytes(path, cv2.imencode(".png", attention_sheet(first, second))[1].tobytes())
            pictures.append(path)
            task.advance()
    page = folder / f"{name}.html"
    write_text(page, attention_page(title, lede, pairs, version=__version__))
    return page, tuple(pictures), tuple(data)
