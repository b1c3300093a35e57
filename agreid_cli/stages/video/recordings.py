"""Streams → recordings in `crops/recordings/<video>/`: parts of a minute each, counted once they are closed.

A stream cannot be replayed. So an interrupted recording keeps its complete parts, the same command continues
after them, and crops are cut from the recording, which gives the same bytes however often that is repeated.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from agreid_cli.config.extract_crops import SourceConfig
from agreid_cli.errors import InputError, Problems
from agreid_cli.progress import Progress
from agreid_cli.records.files import disk_error
from agreid_cli.records.recording import FILE, RecordedPart, Recording
from agreid_cli.vision.sources.address import shown
from agreid_cli.vision.sources.live import ConnectionLostError, Copy, Live

#: A part ends at the first key frame after this many seconds; a crash loses at most the open part.
PART_S = 60.0


def record_streams(
    folders: Mapping[str, Path], config: SourceConfig, progress: Progress
) -> dict[str, Recording]:
    """Record every stream (address → folder) at the same time; complete recordings are left unchanged.

    Raises `InputError` listing the streams of which nothing could be recorded. An interruption closes the
    open parts.
    """
    recorders = {a: Recorder(a, folder, config) for a, folder in folders.items()}
    todo = [r for r in recorders.values() if not r.enough]
    for recorder in recorders.values():
        if recorder.enough:
            progress.note(f"{shown(recorder.address)}: already recorded, {_amount(recorder.recording)}")
    problems = Problems()
    if todo:
        stop = threading.Event()
        with (
            progress.task("recording", config.max_frames * len(todo) or None, "frames") as task,
            ThreadPoolExecutor(len(todo)) as pool,
        ):
            futures = {pool.submit(recorder.run, stop): recorder for recorder in todo}
            try:
                seen = 0
                pending: set[Future[None]] = set(futures)
                while pending:
                    _, pending = wait(pending, timeout=0.2)
                    frames = sum(r.frames for r in todo)
                    task.advance(frames - seen, seconds=round(max(r.seconds for r in todo), 1))
                    seen = frames
            finally:
                stop.set()
        for future, recorder in futures.items():
            try:
                future.result()
            except InputError as error:
                problems.add("", error.message + (f". {error.hint}" if error.hint else ""))
            for note in recorder.notes:
                progress.warn(f"{shown(recorder.address)}: {note}")
    problems.raise_if_any("{n} of the streams cannot be recorded")
    return {address: recorder.recording for address, recorder in recorders.items()}


@dataclass
class Recorder:
    """Records one stream. frames, seconds: recorded so far, including the open part."""

    address: str
    folder: Path
    config: SourceConfig

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        self._untimed = 0
        fresh = Recording(shown(self.address))
        self.recording = Recording.read(self.folder) if (self.folder / FILE).is_file() else fresh
        if self.recording.address != shown(self.address):
            raise InputError(
                f"{self.folder} is a recording of {self.recording.address}",
                hint="Choose another id: --video-id.",
            )
        if self.recording.finite and not self.enough:
            self.recording = fresh  # a file at the other end is fetched again from its beginning
        self.frames, self.seconds = self.recording.frames, self.recording.seconds

    @property
    def enough(self) -> bool:
        return self.recording.enough(self.config.max_frames, self.config.max_seconds)

    def run(self, stop: threading.Event) -> None:
        """Record until the limit is reached, the stream ends, `stop` is set, or reconnecting fails."""
        self._clear()
        failures = 0
        while not stop.is_set():
            before, reason = self.frames, ""
            try:
                with closing(self._connect()) as live:
                    reason = self._take(live, stop)
            except ConnectionLostError as error:
                reason = str(error)
            if self.recording.ended or stop.is_set() or self._reached():
                break
            failures = 0 if self.frames > before else failures + 1
            if failures > self.config.reconnects or (not self.frames and not self.recording.connections):
                break
            stop.wait(self.config.reconnect_s)
        if stop.is_set() and not self.recording.parts:
            return
        if self._untimed and self.recording.parts:
            self.notes.append(f"{self._untimed} packets without a timestamp are not recorded")
        elif self._untimed:
            raise InputError(
                f"{shown(self.address)} cannot be recorded: its packets have no timestamps",
                hint="Serve it by RTSP or as MPEG-TS: ffmpeg -i SOURCE -c copy -f mpegts …",
            )
        if not self.recording.parts:
            raise InputError(
                f"{shown(self.address)} cannot be recorded: {reason or 'it contains no frame'}",
                hint="Check the address, the network and the camera; ffplay may say more.",
            )
        if not self.recording.ended and not self._reached() and not stop.is_set():
            self.notes.append(f"lost after {_amount(self.recording)}: {reason}")

    def _reached(self) -> bool:
        limits = self.config.max_frames, self.config.max_seconds
        return any(limits) and self.recording.enough(*limits)

    def _connect(self) -> Live:
        stream = None if self.config.stream == "auto" else self.config.stream
        live = Live(self.address, timeout_s=self.config.timeout_s, stream=stream)
        self.recording = replace(
            self.recording,
            film=live.film,
            left_out=live.left_out,
            finite=live.finite,
            connections=self.recording.connections + 1,
            begun=self.recording.begun or round(time.time(), 3),
        )
        return live

    def _take(self, live: Live, stop: threading.Event) -> str:
        """Record one connection; returns why it ended, or "" if it ended as requested."""
        if live.finite and self.recording.parts:  # the transfer of a file broke off; fetch it again
            self.recording = replace(self.recording, parts=())
            self.frames = 0
            self.seconds = 0.0
            self._clear()
        offset = 0.0
        if (
            self.recording.parts
        ):  # a server that sends faster than real time must not start before the end of the recorded parts
            last = self.recording.parts[-1]
            offset = max(time.time() - self.recording.begun, last.start_s + last.seconds)
        part: _Part | None = None
        limited = bool(self.config.max_frames or self.config.max_seconds)
        try:
            for packet, at in live.packets():
                if part is not None and packet.is_keyframe and at - part.first >= PART_S:
                    self._keep(part)
                    part = None
                if part is None:
                    if not packet.is_keyframe:
                        continue
                    part = _Part(self._path(len(self.recording.parts)), live, at, offset + at)
                reached = self.config.max_seconds and (
                    self.recording.seconds + at - part.first >= self.config.max_seconds
                )
                if not reached:
                    part.write(packet, at)
                    self.frames, self.seconds = self.frames + 1, self.recording.seconds + part.seconds
                if stop.is_set():
                    return ""
                if reached or (self.config.max_frames and self.frames >= self.config.max_frames):
                    return ""
            if live.finite or not limited:
                self.recording = replace(self.recording, ended=True)
            return "the stream ended"
        except ConnectionLostError as error:
            if error.closed and not limited and not live.finite:
                self.recording = replace(self.recording, ended=True)
            return str(error)
        finally:
            self._untimed += live.untimed
            if part is not None:
                self._keep(part)
            elif self.recording.parts:
                self.recording.write(self.folder)

    def _keep(self, part: _Part) -> None:
        """Close a part and count it; an empty one is left to be cleared."""
        if not part.frames:
            return
        self.recording = self.recording.extended(part.finished())
        self.recording.write(self.folder)

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number + 1:05d}.mkv"

    def _clear(self) -> None:
        """Remove what is not counted: the open part of a killed run."""
        counted = {part.file for part in self.recording.parts} | ({FILE} if self.recording.parts else set())
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in self.folder.iterdir():
                if path.name not in counted:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as error:
            raise disk_error(self.folder, error) from error


class _Part:
    """A part being written. first: time in seconds of its first packet within the connection."""

    def __init__(self, path: Path, live: Live, first: float, start_s: float) -> None:
        self._path, self._temporary = path, path.with_name(f".{path.name}.tmp")
        self._start_s = start_s
        self._frame_s = 1 / live.fps if live.fps else 0.0
        self.first, self._last, self.frames = first, first, 0
        try:
            self._copy = Copy(self._temporary, live.stream)
        except OSError as error:
            raise disk_error(path, error) from error

    @property
    def seconds(self) -> float:
        return self._last - self.first + self._frame_s

    def write(self, packet: object, at: float) -> None:
        try:
            self._copy.write(packet)
        except OSError as error:
            with suppress(OSError):
                self._copy.close()
            raise disk_error(self._path, error) from error
        self._last = max(self._last, at)
        self.frames += 1

    def finished(self) -> RecordedPart:
        try:
            self._copy.close()
            self._temporary.replace(self._path)
        except OSError as error:
            raise disk_error(self._path, error) from error
        return RecordedPart(self._path.name, round(self._start_s, 6), round(self.seconds, 6), self.frames)


def _amount(recording: Recording) -> str:
    return f"{recording.frames} frames, {recording.seconds:.1f} s"
