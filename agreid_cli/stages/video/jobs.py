"""Determine the videos to process, their names and facts; everything is checked first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.engine.units import Failure
from agreid_cli.errors import InputError, Problems, UsageError, did_you_mean
from agreid_cli.progress import Progress
from agreid_cli.records.crops import CAMID_OF_PLATFORM, PLATFORMS
from agreid_cli.records.extraction import Facts
from agreid_cli.records.naming import VideoName, is_session, parse_video_name
from agreid_cli.vision.imgsz import auto_imgsz
from agreid_cli.vision.sources import kind_of, name_of, open_source, still_pictures
from agreid_cli.vision.sources.address import check_address, shown

#: Frame sizes that determine the platform (paper §III-A).
PLATFORM_OF_SIZE = {(3840, 2160): "uav", (704, 480): "cctv"}


@dataclass(frozen=True)
class Given:
    """Facts given by the user for the videos of this call; None is read from the file name, derived from the
    frame size, or left empty, in this order."""

    platform: str | None = None
    camid: int | None = None
    altitude: int | None = None
    session: str | None = None
    video_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One video to process.

    kind: of the source; name: of the recording; notes: already shown; size: width, height in pixels; named:
    the user chose the id.
    """

    path: Path
    kind: str
    name: str
    notes: tuple[str, ...]
    video_id: str
    named: bool
    sha256: str
    facts: Facts
    size: tuple[int, int]
    promised: int | None
    imgsz: int

    @property
    def title(self) -> str:
        """How messages name the video: its path, or its address without secrets."""
        return title_of(self.kind, self.path)


def plan(
    videos: Sequence[str | Path],
    config: ExtractConfig,
    given: Given,
    progress: Progress,
    recordings: Mapping[str, Path] | None = None,
    unreadable: list[Failure] | None = None,
) -> list[Job]:
    """The jobs in the order given; `InputError` lists every video that cannot be processed.

    recordings: the folder of each stream by its address; without it, streams are skipped.
    unreadable: a list that receives the videos that cannot be opened; the others are planned. A wrong address
    is an error in any case.
    """
    _refuse_pictures(videos)
    _check_given(given, len(videos))
    problems = Problems()
    jobs: dict[str, Job] = {}
    named = bool(given.video_ids)
    for word, video_id in zip(videos, video_ids(videos, given), strict=True):
        path = Path(word)
        is_unrecorded = kind_of(word) == "stream" and recordings is None
        try:
            if kind_of(word) == "stream":
                check_address(str(word))
                if recordings is None:
                    continue
                path = recordings[str(word)]
            job = _job(path, str(word), video_id, named, config, given, progress)
        except InputError as error:
            if unreadable is not None and not is_unrecorded:
                unreadable.append(Failure(video_id, error))
                continue
            problems.add("", error.message + (f". {error.hint}" if error.hint else ""))
            continue
        twin = jobs.get(video_id)
        if twin is None:
            jobs[video_id] = job
        elif twin.sha256 == job.sha256:
            progress.note(f"{job.title} is the same video as {twin.title}: used once")
        else:
            problems.add(
                job.title,
                f"would have the name '{video_id}', like {twin.title}. Give names: --video-id A --video-id B",
            )
    problems.raise_if_any("{n} of the videos cannot be used")
    return list(jobs.values())


def title_of(kind: str, path: Path) -> str:
    """As `Job.title`."""
    if kind != "object":
        return str(path)
    from agreid_cli.vision.sources.objects import address_of

    return shown(address_of(path))


def video_ids(videos: Sequence[str | Path], given: Given) -> list[str]:
    """The id of each video: as given, or derived from the name of the recording."""
    return list(given.video_ids) or [video_id_of(name_of(kind_of(word), word)) for word in videos]


def twice(names: Sequence[str]) -> list[str]:
    """The names that occur more than once, each once.

    >>> twice(["a", "b", "a", "a"])
    ['a']
    """
    return [name for name, n in Counter(names).items() if n > 1]


def video_id_of(name: str) -> str:
    """The name of the recording, with characters replaced that file systems or tables do not accept.

    >>> video_id_of("Day 1: gate")
    'Day-1-gate'
    """
    return re.sub(r"[^\w.+-]+", "-", name).strip("-.") or "video"


def _refuse_pictures(videos: Sequence[str | Path]) -> None:
    """A single image is not a recording; a thousand images are usually a pattern expanded by the shell."""
    stills = still_pictures(videos)
    if not stills:
        return
    folders = list(dict.fromkeys(str(path.parent) for path in stills))
    places = ", ".join(folders[:20]) + (f" and {len(folders) - 20} more" if len(folders) > 20 else "")
    if len(videos) == 1:
        what = f"{stills[0]} is a single image, not a recording"
    else:
        what = (
            f"{len(stills)} of the {len(videos)} paths are single images, not recordings "
            f"(the first is {stills[0]})"
        )
    raise InputError(
        what,
        hint=f"Give the folder of the frames: {places}; or a pattern in quotes.",
    )


def _check_given(given: Given, videos: int) -> None:
    problems = Problems()
    if given.platform is not None and given.platform not in PLATFORMS:
        problems.add("--platform", f"'{given.platform}' is unknown{did_you_mean(given.platform, PLATFORMS)}")
    if given.altitude is not None and given.altitude not in (0, 1, 2):
        problems.add("--altitude", f"{given.altitude} is not one of 0, 1, 2 (about 15, 30, 45 m)")
    if given.session is not None and not is_session(given.session):
        problems.add("--session", f"'{given.session}' is not MMDD followed by 0 (morning) or 1 (afternoon)")
    if given.camid is not None and not 0 <= given.camid < 2**15:
        problems.add("--camid", f"{given.camid} is not between 0 and 32767")
    if given.video_ids and len(given.video_ids) != videos:
        problems.add("--video-id", f"{len(given.video_ids)} names for {videos} videos: give one each")
    for name in given.video_ids:
        if name != video_id_of(name):
            problems.add("--video-id", f"'{name}' may contain only letters, digits and . _ + -")
    for name in twice(given.video_ids):
        problems.add("--video-id", f"'{name}' is given twice")
    problems.raise_if_any("invalid options", kind=UsageError)


def _job(
    path: Path,
    word: str,
    video_id: str,
    named: bool,
    config: ExtractConfig,
    given: Given,
    progress: Progress,
) -> Job:
    kind = kind_of(word)
    with closing(open_source(kind, path, config.source)) as video:
        notes, digest = tuple(video.notes()), video.sha256()
    for note in notes:
        progress.note(f"{title_of(kind, path)}: {note}")
    name = name_of(kind, word)
    said = parse_video_name(path.name if kind == "file" else f"{name}.x", PLATFORMS)
    platform = given.platform or _platform(said, given.camid) or PLATFORM_OF_SIZE.get(video.stored_size)
    if platform is None:
        size = f"{video.size[0]}×{video.size[1]}"
        raise InputError(
            f"{title_of(kind, path)}: the platform cannot be derived from a frame of {size}",
            hint="Give it: --platform uav, cctv or wearable; or in the file name, e.g. T02140A0C0_uav.mp4",
        )
    camid = given.camid
    if camid is None:
        # a platform other than the one in the name is another camera, whatever the name says
        fits = said is not None and given.platform in (None, _platform(said, None))
        camid = said.camid if said is not None and fits else CAMID_OF_PLATFORM[platform]
    imgsz = config.detector.imgsz
    return Job(
        path=path,
        kind=kind,
        name=name,
        notes=notes,
        video_id=video_id,
        named=named,
        sha256=digest,
        facts=Facts(
            platform,
            camid,
            said.altitude if said and given.altitude is None else given.altitude,
            said.session if said and given.session is None else given.session,
        ),
        size=video.size,
        promised=video.promised,
        imgsz=auto_imgsz(*video.size) if imgsz == "auto" else imgsz,
    )


def _platform(said: VideoName | None, camid: int | None) -> str | None:
    """The platform given by a file name: by its suffix, else by its camera number."""
    if said is None:
        return None
    number = said.camid if camid is None else camid
    return said.platform or {n: name for name, n in CAMID_OF_PLATFORM.items()}.get(number)
