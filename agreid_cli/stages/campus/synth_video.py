"""Write one video of the campus with its ground truth, completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa

from agreid_cli.config.synth import SynthConfig
from agreid_cli.errors import AgreidError
from agreid_cli.progress import Progress
from agreid_cli.records.campus import CAMERAS, TRACKS
from agreid_cli.records.files import disk_error, write_bytes, writing
from agreid_cli.records.folders import writing_folder
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus.synth_work import Reel, film, over

#: MPEG-4 part 2 gives the smallest files among the codecs that every opencv-python wheel can write (MJPG
#: needs three times the space; H.264 is not in the wheels).
FOURCC = "mp4v"
Map = Callable[[Callable[[int], Any], Iterable[int]], Iterator[Any]]


def is_filmed(reel: Reel, workspace: Workspace) -> bool:
    """Whether the video and its ground truth are complete."""
    video = workspace.videos / f"{reel.video_id}.mp4"
    return workspace.truth.tracks(reel.video_id).is_file() and video.is_file()


def film_reel(
    reel: Reel, workspace: Workspace, config: SynthConfig, over_all: Map, progress: Progress
) -> None:
    """Film one video; its tracks are written last and mark it as complete."""
    truth = workspace.truth
    if is_filmed(reel, workspace):
        return
    tracks: list[dict[str, Any]] = []
    cameras: list[dict[str, Any]] = []
    mot: list[str] = []
    with (
        writing(workspace.videos / f"{reel.video_id}.mp4") as path,
        writing_folder(truth.parts / reel.video_id, overwrite=True) as parts,
        progress.task(reel.video_id, reel.frames, "frames") as task,
        FilmWriter(path, reel, config.fps) as film_on,
    ):
        for filmed in over_all(over(film, config, reel), range(reel.frames)):
            film_on.add(filmed.image)
            tracks += filmed.tracks
            cameras.append(filmed.camera)
            mot.append(filmed.mot)
            if filmed.parts is not None:
                (parts / f"f{filmed.frame:06d}.png").write_bytes(filmed.parts)
            task.advance(1, people=len(filmed.tracks))
    write_bytes(truth.mot(reel.video_id), "".join(mot).encode())
    CAMERAS.write(pa.Table.from_pylist(cameras, CAMERAS.schema), truth.cameras(reel.video_id))
    TRACKS.write(pa.Table.from_pylist(tracks, TRACKS.schema), truth.tracks(reel.video_id))


class FilmWriter:
    """A video file written frame by frame. OpenCV says nothing of a full disk, so the end is checked."""

    def __init__(self, path: Path, reel: Reel, fps: int) -> None:
        self.path, self.frames = path, 0
        # The file extension determines the container, and a temporary file has another.
        self._shown = path.with_name(f"{path.name}.mp4")
        code = cv2.VideoWriter.fourcc(*FOURCC)
        self._writer = cv2.VideoWriter(str(self._shown), cv2.CAP_FFMPEG, code, fps, reel.size)
        if not self._writer.isOpened():
            raise AgreidError(
                f"OpenCV cannot write a video of {reel.size[0]}×{reel.size[1]} pixels ({FOURCC})",
                hint="agreid doctor shows what this OpenCV supports; --truth-only needs no video.",
            )

    def __enter__(self) -> FilmWriter:
        return self

    def add(self, image: Any) -> None:
        self._writer.write(image)
        self.frames += 1

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._writer.release()
        if kind is not None:
            self._shown.unlink(missing_ok=True)
            return
        try:
            os.replace(self._shown, self.path)
        except OSError as error:
            raise disk_error(self.path, error) from error
        self._check()

    def _check(self) -> None:
        reader = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        promised = int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) if reader.isOpened() else 0
        reader.release()
        if promised != self.frames:
            raise AgreidError(
                f"the video is incomplete: {promised} of {self.frames} frames were written",
                hint="Usually the disk is full. Free some space and run the same command again.",
            )
