"""Extract one video into one part, completely or not at all."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from threadpoolctl import threadpool_limits

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.progress import Progress
from agreid_cli.records.crops import CROPS, CROPS_SCHEMA, video_crop_row
from agreid_cli.records.extraction import Extraction
from agreid_cli.records.files import disk_error, write_bytes
from agreid_cli.stages.video.jobs import Job
from agreid_cli.stages.video.networks import Networks, make_tracker
from agreid_cli.stages.video.parts import Parts, keep_folder
from agreid_cli.vision.contact import contact_sheets
from agreid_cli.vision.cutting import Crop, encode
from agreid_cli.vision.embedders.reuse import Reusing
from agreid_cli.vision.extract import Seen, extract
from agreid_cli.vision.mot import mot_lines
from agreid_cli.vision.sources import open_source
from agreid_cli.vision.sources.source import Source
from agreid_cli.vision.tracker import Tracker

PACKAGES = ("agreid", "av", "boxmot", "numpy", "onnxruntime", "opencv-python", "torch", "ultralytics")


def extract_video(
    job: Job, parts: Parts, networks: Networks, config: ExtractConfig, *, save_mot: bool, progress: Progress
) -> Extraction:
    """Process one video and keep its part; its files are removed if it cannot be finished."""
    folder = parts.unfinished / job.video_id
    shutil.rmtree(folder, ignore_errors=True)  # left by a worker that died
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    with closing(open_source(job.kind, job.path, config.source)) as video:
        tracker = make_tracker(config, networks.embed, video.size, moving=_moving(job, config))
        rows: list[dict[str, Any]] = []
        numbers: set[int] = set()
        mot: list[str] = []
        persons = 0
        with ExitStack() as stack:
            task = stack.enter_context(progress.task(job.video_id, job.promised, "frames"))
            stack.enter_context(threadpool_limits(1, "blas"))
            # Closed before the video: its threads still read from it if the loop ends early.
            frames = stack.enter_context(closing(_seen(video, tracker, job, networks, config)))
            for seen in frames:
                persons += len(seen.detections)
                numbers.update(seen.tracks.track_ids.tolist() if seen.tracks else ())
                for crop in seen.crops:
                    rows.append(_row(job, video, seen, crop))
                    _save(folder / Path(rows[-1]["path"]).name, crop.jpeg)
                if save_mot:
                    mot.append(mot_lines(seen))
                task.advance(1, tracks=len(numbers), crops=len(rows))
    for note in video.notes():
        if note not in job.notes:  # notes that arise only while a video is read
            progress.warn(f"{job.title}: {note}")
    record = Extraction(
        video_id=job.video_id,
        file=os.fsencode(job.path.name if job.kind == "file" else job.name).decode("utf-8", "replace"),
        inputs=networks.inputs(job, config),
        parameters=tracker.parameters,
        versions={name: importlib.metadata.version(name) for name in PACKAGES},
        width=video.size[0],
        height=video.size[1],
        fps=video.fps,
        imgsz=job.imgsz,
        decoded=video.decoded,
        lost=video.lost,
        missing_at_end=video.missing_at_end,
        tracks=len(numbers),
        crops=len(rows),
        source=video.facts(),
    )
    _warn(record, job, persons, config, progress)
    parts.remove(job.video_id)
    keep_folder(folder, parts.images(job.video_id))
    CROPS.write(pa.Table.from_pylist(rows, schema=CROPS_SCHEMA), parts.table(job.video_id))
    _keep_sheets(job, rows, parts)
    if save_mot:
        write_bytes(parts.mot(job.video_id), "".join(mot).encode())
    record.write(parts.record(job.video_id))
    return record


def _seen(
    video: Source, tracker: Tracker, job: Job, networks: Networks, config: ExtractConfig
) -> Generator[Seen, None, None]:
    embed = networks.embed_of(job.facts)
    return extract(
        video.frames(),
        networks.detector,
        tracker,
        Reusing(embed, config.embedder.reuse) if config.embedder.reuse else embed,
        frame_size=video.size,
        imgsz=job.imgsz,
        batch=networks.frames_a_call(job.imgsz),
        every=config.every,
        jpeg_quality=config.jpeg_quality,
        pixelate=config.faces.pixelate,
        min_head_px=config.faces.min_head_px,
    )


def _row(job: Job, video: Source, seen: Seen, crop: Crop) -> dict[str, Any]:
    return video_crop_row(
        job.video_id,
        crop.track_id,
        seen.frame.index,
        crop.box,
        **asdict(job.facts),
        time_s=seen.frame.time_s,
        score=crop.score,
        frame_width=video.size[0],
        frame_height=video.size[1],
        sharpness=crop.sharpness,
        in_frame=crop.in_frame,
        pixelated=crop.pixelated,
    )


def _keep_sheets(job: Job, rows: list[dict[str, Any]], parts: Parts) -> None:
    files: dict[int, list[Path]] = {}
    for row in rows:
        files.setdefault(row["track_id"], []).append(parts.folder / row["path"])
    for page, sheet in enumerate(contact_sheets(files, job.video_id), start=1):
        write_bytes(parts.workspace.contact_sheet(job.video_id, page), encode(sheet, 90))


def _save(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise disk_error(path, error) from error


def _warn(record: Extraction, job: Job, persons: int, config: ExtractConfig, progress: Progress) -> None:
    if record.lost:
        progress.warn(f"{job.title}: {record.lost} frames in the middle are lost; the others are kept")
    if record.missing_at_end:
        progress.warn(
            f"{job.title}: ends after {record.decoded + record.lost} of {job.promised} promised frames "
            f"({record.missing_at_end} missing); the file may be truncated"
        )
    if record.crops:
        return
    seen = f"{record.decoded} frame{'s' * (record.decoded != 1)}"
    if not persons:
        why = f"no person was detected in {seen}; check --detector, --imgsz and --set detector.conf"
    elif not record.tracks:
        why = (
            f"{persons} detections in {seen} made no track, which needs the same person in "
            "several consecutive frames"
        )
    else:
        why = f"the tracks in {seen} include no {config.every}th frame; try a smaller --every"
    progress.warn(f"{job.title}: no crop was cut. {why[0].upper()}{why[1:]}")


def _moving(job: Job, config: ExtractConfig) -> bool:
    wish = config.tracker.camera_motion
    return wish == "on" or (wish == "auto" and job.facts.platform != "cctv")
