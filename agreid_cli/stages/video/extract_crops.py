"""Videos → `crops/`: detect, track, and cut a crop of each live track in every n-th frame."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.engine.run import LOCAL, run_units
from agreid_cli.engine.units import Failure, Unit, Work
from agreid_cli.errors import AgreidError, InputError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.extraction import Extraction, changes
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.failures import raise_failures
from agreid_cli.stages.video.jobs import Given, Job, plan, twice, video_ids
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
    engine: EngineConfig = LOCAL,
    shard: Shard | None = None,
    progress: Progress = SILENT,
) -> ExtractResult:
    """Add the crops of `videos` to the workspace (paper §III: YOLO, StrongSORT, every 30 frames).

    A video that was finished before with the same bytes, facts and configuration is left unchanged. So the
    same call again changes nothing, and a call after an interruption continues at the unfinished video and
    gives the same bytes. Every video and weight file is checked before processing starts; all problems are
    raised in one `InputError`. Streams are recorded first, all at the same time, and their crops are cut from
    the recordings. `download` allows fetching published detector weights by name.

    A video is a unit of work of `engine`. One that fails while it is read is reported at the end, when the
    others are finished. On Ray and in a shard the same holds for a video that cannot be opened. A `shard`
    processes only its videos and leaves the table to a later call without a shard.
    """
    config, given = config or ExtractConfig(), given or Given()
    many = engine.name != "local" or shard is not None
    failures: list[Failure] = []
    if shard is not None:
        videos, given = _of_shard(shard, videos, given)
    streams = [str(video) for video in videos if kind_of(video) == "stream"]
    unreadable = [] if streams else failures  # with streams, the videos are planned again below
    jobs = plan(
        videos, config, given, SILENT if streams else progress, unreadable=unreadable if many else None
    )
    _refuse_strangers(workspace)
    # the driver of a cluster may have no GPU; the workers use what they have
    own = device if engine.name == "local" else "auto"
    networks = load_networks(config, workspace, device=own, download=download)
    with locked_parts(workspace, shard) as parts:
        if streams:
            ids = dict(zip(map(str, videos), video_ids(videos, given), strict=True))
            recordings = {address: parts.recording(ids[address]) for address in streams}
            record_streams(recordings, config.source, progress)
            jobs = plan(videos, config, given, progress, recordings, failures if many else None)
        todo = _unfinished(
            jobs, parts, networks, config, save_mot=save_mot, overwrite=overwrite, progress=progress
        )
        for job in todo:  # check that a run knows camera and view of each, before the first frame
            networks.embed_of(job.facts)

        def done(unit: Unit[Job], record: Extraction) -> None:
            if not many:
                join(parts, workspace.crops)  # so that the table is correct if the command stops later

        try:
            failures += run_units(
                [Unit(job.video_id, job) for job in todo],
                partial(_open, parts, networks, config, save_mot)
                if engine.name == "local"
                else partial(_open_there, workspace.root.resolve(), config, save_mot, device, download),
                config=engine, folder=parts.folder, label="extracting", noun="videos", done=done,
                progress=progress,
            )  # fmt: skip
        except BaseException:
            if engine.name == "ray":
                with suppress(AgreidError):
                    join(parts, workspace.crops)
            raise
        total = 0 if shard else join(parts, workspace.crops)
        raise_failures(
            failures, len({*(job.video_id for job in jobs), *(f.name for f in failures)}), "videos"
        )
        finished = parts.finished()
        working = {job.video_id for job in todo}
        return ExtractResult(
            table=workspace.crops,
            videos=tuple(finished[job.video_id] for job in jobs if job.video_id in finished),
            skipped=tuple(job.video_id for job in jobs if job.video_id not in working),
            contact_sheets=tuple(p for job in todo for p in workspace.contact_sheets(job.video_id)),
            total=total,
        )


def _of_shard(shard: Shard, videos: Sequence[str | Path], given: Given) -> tuple[list[str | Path], Given]:
    """The videos of a shard, and their names; a name that two videos share is refused in every shard."""
    if given.video_ids and len(given.video_ids) != len(videos):
        return list(videos), given  # which is refused with the other options
    if same := twice(video_ids(videos, given)):
        raise InputError(
            f"several of the videos would have the same name: {', '.join(same[:20])}",
            hint="Give names: --video-id A --video-id B",
        )
    names = tuple(shard.mine(given.video_ids))
    return shard.mine(videos), replace(given, video_ids=names)


def _open(parts: Parts, networks: Networks, config: ExtractConfig, save_mot: bool) -> Work:
    """The work on one video, with these networks."""

    def work(job: Job, progress: Progress) -> Extraction:
        return extract_video(job, parts, networks, config, save_mot=save_mot, progress=progress)

    return work


def _open_there(root: Path, config: ExtractConfig, save_mot: bool, device: str, download: bool) -> Work:
    """The same in a remote worker, which loads its own networks."""
    workspace = Workspace(root)
    networks = load_networks(config, workspace, device=device, download=download)
    return _open(Parts(workspace), networks, config, save_mot)


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
                f"{job.title} has the same bytes as the video '{twin}' and is left out; "
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
