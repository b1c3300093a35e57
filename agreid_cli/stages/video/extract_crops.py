"""Videos → `crops/`: detect, track, and cut a crop of each live track in every n-th frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.errors import AgreidError, InputError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.extraction import Extraction, changes
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video.jobs import Given, Job, plan, video_ids
from agreid_cli.stages.video.networks import Networks, load_networks
from agreid_cli.stages.video.one_video import extract_video
from agreid_cli.stages.video.parts import Parts, join, locked_parts
from agreid_cli.stages.video.recordings import record_streams
from agreid_cli.vision.sources import kind_of


@dataclass(frozen=True)
class ExtractResult:
    """videos: the record of each video requested, in order. skipped: ids of videos already finished.

    total: number of crops in the whole table.
    """

    table: Path
    videos: tuple[Extraction, ...]
    skipped: tuple[str, ...]
    contact_sheets: tuple[Path, ...]
    total: int


def extract_crops(
    videos: Sequence[str | Path],
    workspace: Workspace,
    *,
    config: ExtractConfig | None = None,
    given: Given | None = None,
    device: str = "auto",
    save_mot: bool = False,
    overwrite: bool = False,
    download: bool = False,
    progress: Progress = SILENT,
) -> ExtractResult:
    """Add the crops of `videos` to the workspace (paper §III: YOLO, StrongSORT, every 30 frames).

    A video that was finished before with the same bytes, facts and configuration is left as it is, so the
    same call again changes nothing, and a call after an interruption goes on at the unfinished video and
    ends in the same bytes. Every video and weight file is checked before the first is worked on; all that
    is wrong is raised in one `InputError`. Streams are recorded first, all at the same time, and their crops
    are cut from the recordings. `download` allows fetching published detector weights by name.
    """
    config, given = config or ExtractConfig(), given or Given()
    streams = [str(video) for video in videos if kind_of(video) == "stream"]
    jobs = plan(videos, config, given, SILENT if streams else progress)
    _refuse_strangers(workspace)
    networks = load_networks(config, workspace, device=device, download=download)
    with locked_parts(workspace) as parts:
        if streams:
            ids = dict(zip(map(str, videos), video_ids(videos, given), strict=True))
            recordings = {address: parts.recording(ids[address]) for address in streams}
            record_streams(recordings, config.source, progress)
            jobs = plan(videos, config, given, progress, recordings)
        todo = _unfinished(
            jobs, parts, networks, config, save_mot=save_mot, overwrite=overwrite, progress=progress
        )
        for job in todo:  # whether a run knows the camera and the view of each, before the first frame
            networks.embed_of(job.facts)
        for job in todo:
            extract_video(job, parts, networks, config, save_mot=save_mot, progress=progress)
            join(parts, workspace.crops)  # after each video, so that an interruption leaves a correct table
        total = join(parts, workspace.crops)
        finished = parts.finished()
        return ExtractResult(
            table=workspace.crops,
            videos=tuple(finished[job.video_id] for job in jobs if job.video_id in finished),
            skipped=tuple(job.video_id for job in jobs if job not in todo),
            contact_sheets=tuple(p for job in todo for p in workspace.contact_sheets(job.video_id)),
            total=total,
        )


def _refuse_strangers(workspace: Workspace) -> None:
    """The table is joined from the parts of each video: crops from another source would be lost."""
    if workspace.crops.is_file() and not (workspace.crops_dir / "parts").is_dir():
        raise InputError(
            f"{workspace.crops} was not made by extract-crops, and its crops would be lost",
            hint="Extract into another --workspace.",
        )


def _unfinished(
    jobs: Sequence[Job],
    parts: Parts,
    networks: Networks,
    config: ExtractConfig,
    *,
    save_mot: bool,
    overwrite: bool,
    progress: Progress,
) -> list[Job]:
    finished = parts.finished()
    owner = {str(record.inputs["video_sha256"]): record.video_id for record in finished.values()}
    todo: list[Job] = []
    clashes: list[AgreidError] = []
    for job in jobs:
        before = finished.get(job.video_id)
        now = networks.inputs(job, config)
        twin = owner.setdefault(job.sha256, job.video_id)
        if before is not None and before.inputs == now and save_mot and not parts.mot(job.video_id).is_file():
            progress.note(f"{job.video_id}: already finished, but without --save-mot; extracted again")
            todo.append(job)
        elif before is not None and before.inputs == now:
            progress.note(f"{job.video_id}: already finished, unchanged")
        elif before is not None and not overwrite:
            clashes.append(_clash(job, before, now))
        elif before is None and twin != job.video_id and not job.named:
            progress.note(
                f"{job.path} has the same bytes as the video '{twin}' and is left out; "
                "to extract it anyway, name it with --video-id"
            )
        else:
            todo.append(job)
    _raise_together(clashes)
    return todo


def _clash(job: Job, before: Extraction, now: dict[str, object]) -> AgreidError:
    other = before.inputs["video_sha256"] != now["video_sha256"]
    why = "from a different file" if other else "with other settings"
    hint = "Name it with --video-id, or replace the old one with --overwrite."
    return InputError(
        f"the workspace already has a video '{job.video_id}', made {why}",
        problems=changes(before.inputs, now),
        hint=hint if other else "Give the same settings, or replace its crops with --overwrite.",
    )


def _raise_together(errors: Sequence[AgreidError]) -> None:
    if not errors:
        return
    if len(errors) == 1:
        raise errors[0]
    raise InputError(
        "; ".join(error.message for error in errors),
        problems=[problem for error in errors for problem in error.problems],
        hint=errors[0].hint,
    )
