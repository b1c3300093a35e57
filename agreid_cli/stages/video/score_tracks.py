"""Tracks + truth, both as MOTChallenge text → HOTA, IDF1, MOTA a video and over all; writes nothing."""

from __future__ import annotations

from pathlib import Path

from agreid_cli.config.score_tracks import ScoreTracksConfig
from agreid_cli.datasets.mot_text import read_tracks, read_truth, sequences
from agreid_cli.errors import InputError, MissingError, Problems
from agreid_cli.metrics.track_scores import COMBINED, TrackScore, score_videos
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.mot import MotRows
from agreid_cli.records.workspace import Workspace

__all__ = ["COMBINED", "TrackScore", "score_tracks"]


def score_tracks(
    workspace: Workspace,
    config: ScoreTracksConfig | None = None,
    *,
    truth: Path | None = None,
    tracks: Path | None = None,
    progress: Progress = SILENT,
) -> tuple[TrackScore, ...]:
    """One score for each video that has both, by name, and last the combined one.

    `truth` and `tracks` are files or folders; by default the workspace's truth/mot and crops/mot. Two single
    files go together whatever their names. Raises one `InputError` with all that is wrong in all files.
    """
    config = config or ScoreTracksConfig()
    pairs = _pairs(
        _found(truth, workspace.truth.mot("x").parent, "Make a campus with: agreid synth"),
        _found(tracks, workspace.crops_dir / "mot", f"Make them: {_make_tracks(workspace)}"),
        progress,
    )
    problems = Problems()
    videos: dict[str, tuple[MotRows, MotRows]] = {}
    for name, (true_file, track_file) in pairs.items():
        true_rows = read_truth(true_file, problems, classes=config.classes, min_visible=config.min_visible)
        videos[name] = (true_rows, read_tracks(track_file, problems))
    problems.raise_if_any(
        "these files cannot be scored",
        hint="A line of MOTChallenge is frame,id,left,top,width,height,…, with frames from 1.",
    )
    if not any(true_rows.counts.any() for true_rows, _ in videos.values()):
        raise InputError(
            "no true box here counts",
            hint="Lower --set min_visible, or name the classes that are persons: --set classes=[1,2].",
        )
    return score_videos(videos, iou=config.iou)


def _make_tracks(workspace: Workspace) -> str:
    return f"agreid extract-crops {workspace.videos}/*.mp4 --save-mot"


def _found(given: Path | None, own: Path, hint: str) -> dict[str, Path]:
    if given is not None:
        return sequences(given)
    if not own.is_dir() or not any(own.glob("*.txt")):
        raise MissingError(f"{own} holds no tracks", hint=hint)
    return sequences(own)


def _pairs(
    truth: dict[str, Path], tracks: dict[str, Path], progress: Progress
) -> dict[str, tuple[Path, Path]]:
    """The files that belong together, by the names of their videos."""
    if len(truth) == len(tracks) == 1:
        return {name: (file, next(iter(tracks.values()))) for name, file in truth.items()}
    both = {name: (file, tracks[name]) for name, file in truth.items() if name in tracks}
    if not both:
        raise InputError(
            f"no video has both truth and tracks: there is truth of {_names(truth)}, "
            f"and there are tracks of {_names(tracks)}"
        )
    for some, others, what in ((truth, tracks, "tracks"), (tracks, truth, "truth")):
        if alone := [name for name in some if name not in others]:
            progress.warn(f"not scored, for want of {what}: {_names(alone)}")
    return both


def _names(names: dict[str, Path] | list[str]) -> str:
    shown = list(names)[:5]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")
