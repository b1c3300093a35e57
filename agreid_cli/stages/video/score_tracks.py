"""Tracks + ground truth, both as MOTChallenge text → HOTA, IDF1, MOTA per video and overall."""

from __future__ import annotations

from pathlib import Path

from agreid_cli.config.score_tracks import ScoreTracksConfig
from agreid_cli.datasets.mot_text import read_tracks, read_truth, sequences
from agreid_cli.errors import InputError, MissingError, Problems
from agreid_cli.metrics.box_forms import covered, fit_of, look_like_corners
from agreid_cli.metrics.track_scores import COMBINED, TrackScore, score_videos
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.mot import FORMS, MotRows
from agreid_cli.records.workspace import Workspace

#: Fraction of overlapped true boxes below which a warning is given.
HARDLY = 0.05
__all__ = ["COMBINED", "TrackScore", "score_tracks"]


def score_tracks(
    workspace: Workspace,
    config: ScoreTracksConfig | None = None,
    *,
    truth: Path | None = None,
    tracks: Path | None = None,
    progress: Progress = SILENT,
) -> tuple[TrackScore, ...]:
    """One score for each video with both, by name, and last the combined one.

    `truth` and `tracks` are files or folders; by default the workspace's truth/mot and crops/mot. Two single
    files are compared whatever their names. Raises one `InputError` with all problems of all files.
    """
    config = config or ScoreTracksConfig()
    pairs = _pairs(
        _found(truth, workspace.truth.mot("x").parent, "Create a campus with: agreid synth"),
        _found(tracks, workspace.crops_dir / "mot", f"Create them: {_make_tracks(workspace)}"),
        progress,
    )
    problems = Problems()
    videos: dict[str, tuple[MotRows, MotRows]] = {}
    for name, (true_file, track_file) in pairs.items():
        true_rows = read_truth(true_file, problems, classes=config.classes, min_visible=config.min_visible)
        videos[name] = (true_rows, read_tracks(track_file, problems, form=config.boxes))
    problems.raise_if_any(
        "these files cannot be scored",
        hint="A line of MOTChallenge is frame,id,left,top,width,height,…, with frames from 1.",
    )
    if not any(true_rows.counts.any() for true_rows, _ in videos.values()):
        raise InputError(
            "no ground-truth box here counts",
            hint="Lower --set min_visible, or give the classes that are persons: --set classes=[1,2].",
        )
    _check_forms(videos, pairs, config, progress)
    return score_videos(videos, iou=config.iou)


def _check_forms(
    videos: dict[str, tuple[MotRows, MotRows]],
    pairs: dict[str, tuple[Path, Path]],
    config: ScoreTracksConfig,
    progress: Progress,
) -> None:
    """Refuse boxes that match the ground truth only in another form; warn if they hardly overlap it."""
    problems = Problems()
    others: set[str] = set()
    for name, (truth, tracks) in videos.items():
        file = pairs[name][1]
        if look_like_corners(truth):
            progress.warn(f"{pairs[name][0]}: the true boxes look like corners, not left, top, width, height")
        if not len(tracks) or not truth.counts.any():
            continue
        fit = fit_of(truth, tracks, config.boxes, config.iou)
        with_tracks, all_frames = covered(truth, tracks)
        if fit.is_other:
            others.add(fit.other)
            problems.add(
                str(file),
                f"read as {FORMS[config.boxes]}, its boxes meet {fit.as_read:.0%} of the true boxes; read as "
                f"{FORMS[fit.other]}, {fit.best:.0%}",
            )
        elif fit.best < HARDLY:
            progress.warn(
                f"{file}: its boxes meet {fit.best:.0%} of the true boxes at IoU {config.iou:g}; check that "
                "it belongs to this ground truth, and the form of its boxes (left, top, width, height)"
            )
        if with_tracks < all_frames / 2:
            progress.warn(
                f"{file}: only {with_tracks:,} of {all_frames:,} frames with true boxes have a track; "
                "sampled tracks are too few to score a tracker"
            )
    problems.raise_if_any(
        "these boxes are written in another form",
        hint=f"Read them with: --set boxes={' or boxes='.join(sorted(others))}",
    )


def _make_tracks(workspace: Workspace) -> str:
    return f"agreid extract-crops {workspace.videos}/*.mp4 --save-mot"


def _found(given: Path | None, own: Path, hint: str) -> dict[str, Path]:
    if given is not None:
        return sequences(given)
    if not own.is_dir() or not any(own.glob("*.txt")):
        raise MissingError(f"{own} contains no tracks", hint=hint)
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
            f"no video has both ground truth and tracks: there is ground truth of {_names(truth)}, "
            f"and there are tracks of {_names(tracks)}"
        )
    for some, others, what in ((truth, tracks, "tracks are"), (tracks, truth, "ground truth is")):
        if alone := [name for name in some if name not in others]:
            progress.warn(f"not scored, because {what} missing: {_names(alone)}")
    return both


def _names(names: dict[str, Path] | list[str]) -> str:
    shown = list(names)[:5]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")
