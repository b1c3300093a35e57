"""The index file of `search --index`: built once per gallery, rebuilt if the gallery or a setting changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agreid_cli.config.explain_pages import SearchConfig
from agreid_cli.errors import AgreidError, InputError
from agreid_cli.metrics.approximate import (
    Near,
    Probing,
    Recall,
    build_index,
    faiss_module,
    measure_recall,
    near,
    nearest_rows,
    open_index,
    usual_factory,
)
from agreid_cli.progress import Progress
from agreid_cli.records.files import write_text, writing
from agreid_cli.records.locks import locked
from agreid_cli.records.versioned_json import read_versioned


@dataclass(frozen=True)
class Searched:
    """The nearest rows, and the recall of the index; None after an exact scan."""

    near: Near
    recall: Recall | None


def search_rows(
    query: Any,
    gallery: Any,
    *,
    config: SearchConfig,
    metric: str,
    folder: Path | None,
    files: Sequence[Path],
    leave: int | None = None,
    progress: Progress,
) -> Searched:
    """The nearest rows of `gallery` (n, D) for one query (1, D), by a scan of all, or with the index.

    folder: of indices; None scans. files: of the gallery, which tell whether an index is stale. leave: a row
    that is not an answer.
    """
    k = min(config.top, gallery.shape[0] - (leave is not None))
    if k < 1:
        raise InputError("no crops to search", hint="Give embeddings of more crops.")
    if folder is None:
        found = nearest_rows(query, gallery, k + (leave is not None), metric)[0]
        kept = found.rows != leave
        return Searched(Near(found.rows[kept][:k], found.distance[kept][:k]), None)
    index = _Index(gallery, config, metric, folder, files, progress)
    opened = index.opened()
    left = [] if leave is None else [leave]
    return Searched(
        near(opened, query, gallery, k, metric=metric, how=index.how, leave=left)[0], index.recall(opened, k)
    )


class _Index:
    """One index file, with a record that says what it was built from and the recalls measured so far."""

    def __init__(
        self, gallery: Any, config: SearchConfig, metric: str, folder: Path, files: Sequence[Path],
        progress: Progress,
    ) -> None:  # fmt: skip
        how = config.index
        if how.candidates < config.top:
            raise InputError(
                f"index.candidates is {how.candidates}, less than the {config.top} answers",
                hint=f"For example: --set index.candidates={10 * config.top}",
            )
        self.gallery, self.metric, self.progress = gallery, metric, progress
        self.how, self.sample, self.seed = Probing(how.probes, how.candidates), how.sample, how.seed
        self.factory = how.factory or usual_factory(gallery.shape[0])
        names = "\n".join(str(path.resolve()) for path in files)
        name = f"{files[0].parent.name}-{files[0].stem}-{_digest(names)}"
        self.path, self.record = folder / f"{name}.faiss", folder / f"{name}.json"
        self.made_from: dict[str, Any] = {
            "files": [[str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns] for f in files],
            "rows": int(gallery.shape[0]), "width": int(gallery.shape[1]), "factory": self.factory,
            "metric": metric, "seed": self.seed, "faiss": str(faiss_module().__version__),
        }  # fmt: skip

    def opened(self) -> Any:
        """The index, built first if there is none or if it is stale."""
        held = self._read()
        if held.get("made_from") != self.made_from:
            if held:
                changed = [
                    key for key, value in self.made_from.items() if held["made_from"].get(key) != value
                ]
                self.progress.note(f"{self.path}: built again; changed since: {', '.join(changed)}")
            self._build()
        return open_index(self.path)

    def recall(self, opened: Any, k: int) -> Recall:
        """As measured before with these settings, else measured now."""
        held = self._read()
        how = {"k": k, "sample": self.sample, "seed": self.seed, **vars(self.how)}
        key = json.dumps(how, sort_keys=True)
        if key not in held["recall"]:
            n = min(self.sample, self.gallery.shape[0])
            self.progress.note(f"measuring the recall of the index: an exact scan for {n:,} crops")
            measured = measure_recall(
                opened, self.gallery, k, metric=self.metric, how=self.how, sample=self.sample, seed=self.seed
            )
            held["recall"][key] = measured.as_data()
            self._write(held["recall"])
        return Recall(**held["recall"][key])

    def _build(self) -> None:
        taken = AgreidError(f"another agreid is building {self.path}", hint="Wait until it is done.")
        with locked(self.path.with_suffix(".lock"), taken):
            self.record.unlink(missing_ok=True)
            n = self.gallery.shape[0]
            with self.progress.task("building the index", n, "crops") as task:
                index = build_index(
                    self.gallery, factory=self.factory, metric=self.metric, seed=self.seed, task=task
                )
            with writing(self.path) as temporary:
                faiss_module().write_index(index, os.fspath(temporary))
            self._write({})

    def _read(self) -> dict[str, Any]:
        """The record; empty if there is none, or if it or the index cannot be used."""
        if not self.path.is_file() or not self.record.is_file():
            return {}
        try:
            return read_versioned(
                self.record, "search-index", 1, kind="the record of an index",
                made_by="agreid search --index writes it.",
            )  # fmt: skip
        except InputError as error:
            self.progress.note(error.message)
            return {}

    def _write(self, recall: dict[str, Any]) -> None:
        tree = {"schema": "search-index/1", "made_from": self.made_from, "recall": recall}
        write_text(self.record, json.dumps(tree, indent=2, sort_keys=True) + "\n")


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:12]
