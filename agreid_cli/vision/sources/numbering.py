"""Determine from file names which images are the frames of one recording, and the number of each."""

from __future__ import annotations

import fnmatch
import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agreid_cli.errors import InputError
from agreid_cli.records.image_files import ending_of, is_image, is_litter

_FRAME = re.compile(r"%(0?)(\d*)d")
_DIGITS = re.compile(r"\d+")
#: If names span more than this many times as many numbers as there are images, the numbers are not frame
#: numbers (but timestamps).
SPARSE = 10
_SHOWN = 20
_FILMS = frozenset(
    ".mp4 .m4v .mov .avi .mkv .webm .ts .mts .m2ts .mpg .mpeg .wmv .flv .3gp .h264 .h265 .hevc .dav".split()  # noqa: SIM905
)
#: Folder names that do not identify the recording; the parent folder names it.
_PLAIN = frozenset(
    ("img", "img1", "image", "images", "frame", "frames", "jpg", "jpegs", "png", "rgb", "data")
)
_PLACE = "\ue000"  # placeholder for a number while the rest of a pattern is translated


@dataclass(frozen=True)
class Numbered:
    """The images in order. indices: 0-based frame numbers; step: from one frame's number to the next.

    left_out: other files in the folder, counted by suffix, and other folders of images.
    """

    folder: Path
    paths: tuple[Path, ...]
    indices: tuple[int, ...]
    step: int
    notes: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def frames(self) -> int:
        """Frames from the first to the last, missing ones included."""
        return self.indices[-1] + 1


def is_pattern(path: Path) -> bool:
    """Whether a path is a pattern of frames and not an existing file: `%06d.jpg`, `*.jpg`, `img??.png`.

    >>> is_pattern(Path("img1/%06d.jpg")), is_pattern(Path("img1/*.jpg")), is_pattern(Path("a.mp4"))
    (True, True, False)
    """
    return bool(_FRAME.search(path.name) or set("*?[") & set(path.name)) and not path.exists()


def find(given: Path) -> Numbered:
    """The images that a folder or a pattern names; `InputError` unless they are exactly one recording."""
    if is_pattern(given):
        folder = given.parent
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder", hint=f"Check the pattern {given}.")
        names = _names(folder)
        chosen = [name for name in names if _matcher(given.name).fullmatch(name)]
        if not chosen:
            raise InputError(
                f"{given} matches no file", hint=f"{folder} contains {_listed(names) or 'nothing'}."
            )
        films = [name for name in chosen if not is_image(folder / name)]
        if films:
            raise InputError(
                f"{given} matches files that are not images: {_listed(films)}",
                hint="Remove the quotes, so that the shell expands the pattern to the videos.",
            )
        return _numbered(given, folder, chosen, names, by_pattern=True)
    folder, others = image_folder(given)
    names = _names(folder)
    found = _numbered(given, folder, [n for n in names if is_image(folder / n)], names, by_pattern=False)
    if others:
        note = f"folders of images in {given} that are not read: {_listed(others)}"
        found = replace(found, notes=(*found.notes, note), left_out=(*found.left_out, *others))
    return found


def recording_name(given: Path) -> str:
    """The name of a recording in a folder: that folder's or its parent's, and the text of the pattern.

    >>> recording_name(Path("MOT17-02/img1")), recording_name(Path("day/cam1_%04d.jpg"))
    ('MOT17-02', 'day-cam1')
    """
    text = ""
    folder = given.absolute()
    if is_pattern(given):
        folder = folder.parent
        text = re.sub(r"[\[\]*?]+", "", _FRAME.sub("", Path(given.name).stem)).strip("-_. 0")
    while folder.name.lower() in _PLAIN and folder.parent != folder:
        folder = folder.parent
    return f"{folder.name}-{text}" if text else folder.name


def image_folder(given: Path) -> tuple[Path, list[str]]:
    """The folder with the frames: the one given, its `img1` (MOTChallenge), or its only sub-folder of images.

    The names are the other sub-folders of images, which are not read. Raises `InputError` if there is no
    folder of frames, or several without an `img1`.
    """
    own = any(is_image(given / name) for name in _names(given))
    inner = sorted(p for p in given.iterdir() if p.is_dir() and not is_litter(p.name))
    holding = [p for p in inner if any(is_image(p / name) for name in _names(p))]
    if own or given / "img1" in holding or len(holding) == 1:
        chosen = given if own else given / "img1" if given / "img1" in holding else holding[0]
        return chosen, [p.name for p in holding if p != chosen]
    deeper = [p for p in inner if (p / "img1").is_dir()] or holding
    if deeper:
        raise InputError(
            f"{given} contains {len(deeper)} recordings: {_listed([p.name for p in deeper])}",
            hint=f"Give each of them: {given}/*",
        )
    films = [name for name in _names(given) if ending_of(name) in _FILMS]
    held = f"; it contains {_listed(films)}" if films else ""
    raise InputError(
        f"{given} is a folder without images, not a video{held}",
        hint=f"Give the files: {given}/*{ending_of(films[0]) if films else '.mp4'}",
    )


def _names(folder: Path) -> list[str]:
    try:
        return sorted(p.name for p in folder.iterdir() if not p.is_dir() and not is_litter(p.name))
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}") from error


def _matcher(pattern: str) -> re.Pattern[str]:
    """A pattern of frames as a regular expression; `%06d` stands for at least six digits."""
    digits = iter([rf"\d{{{m[2]},}}" if m[1] and m[2] else r"\d+" for m in _FRAME.finditer(pattern)])
    expression = fnmatch.translate(_FRAME.sub(_PLACE, pattern))
    return re.compile(re.sub(_PLACE, lambda _: next(digits), expression))


def _numbered(
    given: Path, folder: Path, chosen: Sequence[str], names: Sequence[str], *, by_pattern: bool
) -> Numbered:
    rest = set(names) - set(chosen) - {"seqinfo.ini"}
    left_out = tuple(f"{n} {kind}" for kind, n in sorted(Counter(ending_of(n) or n for n in rest).items()))
    notes = [f"files in {folder} that are not read: {', '.join(left_out)}"] if left_out else []
    shapes: dict[str, list[str]] = {}
    for name in chosen:
        shapes.setdefault(_DIGITS.sub("#", name), []).append(name)
    groups = {name: tuple(map(int, _DIGITS.findall(Path(name).stem))) for name in chosen}
    varying = _varying(list(groups.values())) if len(shapes) == 1 else []
    if len(shapes) > 1 or len(varying) > 1:
        if not by_pattern:
            _refuse(given, folder, shapes, groups, varying)
        notes.append("its file names have no single ascending number: read in the order of the names")
    ordered = sorted(chosen, key=lambda name: ([int(d) for d in _DIGITS.findall(name)], name))
    if len(varying) != 1 or len(shapes) > 1:
        if len(shapes) > 1:
            ordered = sorted(chosen)
        return Numbered(
            folder, _paths(folder, ordered), tuple(range(len(ordered))), 1, tuple(notes), left_out
        )
    numbers = [groups[name][varying[0]] for name in ordered]
    if len(set(numbers)) < len(numbers):
        raise InputError(
            f"{given}: two images have the number {next(n for n, k in Counter(numbers).items() if k > 1)}",
            hint="Select the images of one recording with a pattern, as in 'img1/%06d.jpg'.",
        )
    step = math.gcd(*(b - a for a, b in itertools.pairwise(numbers))) or 1
    indices = [(n - numbers[0]) // step for n in numbers]
    if numbers[0] > 1:
        notes.append(f"its first image has the number {numbers[0]}, which becomes frame 0")
    if indices[-1] >= SPARSE * len(indices) + SPARSE:
        notes.append("its numbers are too far apart to be frame numbers: read in ascending order")
        indices, step = list(range(len(numbers))), 1
    elif step > 1:
        notes.append(f"its numbers increase by {step}: each image is the next frame")
    if indices[-1] >= len(indices):
        notes.append(f"{indices[-1] + 1 - len(indices)} numbers between the first and the last have no image")
    return Numbered(folder, _paths(folder, ordered), tuple(indices), step, tuple(notes), left_out)


def _varying(groups: list[tuple[int, ...]]) -> list[int]:
    """The positions of the numbers that differ between names."""
    return [k for k, column in enumerate(zip(*groups, strict=True)) if len(set(column)) > 1]


def _refuse(
    given: Path,
    folder: Path,
    shapes: dict[str, list[str]],
    groups: dict[str, tuple[int, ...]],
    varying: list[int],
) -> None:
    if len(shapes) > 1:
        kinds = {shape: len(names) for shape, names in shapes.items()}
    else:
        shape = next(iter(shapes))
        kinds = Counter(f"{shape} beginning {groups[name][varying[0]]}" for name in groups)
    listed = [f"{kind} ({n})" for kind, n in list(kinds.items())[:_SHOWN]]
    more = f" and {len(kinds) - _SHOWN} more" if len(kinds) > _SHOWN else ""
    example = next(iter(shapes.values()))[0]
    raise InputError(
        f"{given} contains images with {len(kinds)} kinds of names, so it may be several recordings: "
        f"{', '.join(listed)}{more}",
        hint=f"Select one recording with a pattern in quotes, as in '{folder}/{_pattern_of(example)}'.",
    )


def _pattern_of(name: str) -> str:
    """The name with its last number replaced by a pattern.

    >>> _pattern_of("cam1_000030.jpg")
    'cam1_%06d.jpg'
    """
    stem, ending = Path(name).stem, Path(name).suffix
    last = list(_DIGITS.finditer(stem))[-1:]
    if not last:
        return f"*{ending}"
    return f"{stem[: last[0].start()]}%0{len(last[0][0])}d{stem[last[0].end() :]}{ending}"


def _paths(folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    return tuple(folder / name for name in names)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
