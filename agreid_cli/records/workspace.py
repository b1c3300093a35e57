"""The workspace: one folder with all artefacts, so that commands need no paths."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path

from agreid_cli.records.campus import Truth


@dataclass(frozen=True)
class Workspace:
    """The paths of the artefacts under `root`; accessing a path creates nothing."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "agreid.toml"

    @property
    def crops_dir(self) -> Path:
        return self.root / "crops"

    @property
    def crops(self) -> Path:
        return self.crops_dir / "crops.parquet"

    def contact_sheet(self, video_id: str, page: int = 1) -> Path:
        """Page 2 of `a` must differ from the sheet of a video `a-2`: `~` cannot occur in a video id."""
        return self.crops_dir / f"contact-{video_id}{f'~{page}' if page > 1 else ''}.jpg"

    def contact_sheets(self, video_id: str) -> list[Path]:
        """The existing pages of a video's contact sheet, in order."""
        pages = takewhile(Path.is_file, (self.contact_sheet(video_id, page) for page in count(1)))
        return list(pages)

    @property
    def identities(self) -> Path:
        return self.root / "identities.csv"

    @property
    def judgements(self) -> Path:
        """Pairs of tracks that a person has judged to be one person, or two."""
        return self.root / "judgements.csv"

    @property
    def proposals(self) -> Path:
        """The output of `propose-identities`."""
        return self.root / "proposals"

    @property
    def checks(self) -> Path:
        """The output of `check-identities`."""
        return self.root / "checks"

    @property
    def attributes(self) -> Path:
        return self.root / "attributes.csv"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.parquet"

    @property
    def split(self) -> Path:
        return self.root / "split.parquet"

    @property
    def cache(self) -> Path:
        """Files that can be recomputed at any time: packed pixels."""
        return self.root / "cache"

    @property
    def traced(self) -> Path:
        """ONNX networks for embedding on a CPU."""
        return self.cache / "networks"

    @property
    def indices(self) -> Path:
        """Indices of `search --index`."""
        return self.cache / "indices"

    @property
    def videos(self) -> Path:
        """The videos of the synthetic campus."""
        return self.root / "videos"

    @property
    def truth(self) -> Truth:
        return Truth(self.root / "truth")

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def results(self) -> Path:
        """Results for embeddings of other programs."""
        return self.root / "results"

    @property
    def exists(self) -> bool:
        """Whether the folder has any artefact that commands start from."""
        known = (self.config, self.crops, self.manifest, self.split, self.runs)
        return any(path.exists() for path in known)

    def own_files(self) -> set[str]:
        """The real paths of the artefacts, whether or not they exist."""
        own = (
            self.config, self.crops_dir, self.identities, self.judgements, self.proposals, self.attributes,
            self.manifest, self.split,
            self.cache, self.runs, self.results, self.root / "report.html",
        )  # fmt: skip
        return {os.path.realpath(path) for path in own}
