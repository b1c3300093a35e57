"""The packed cache: every crop decoded and resized once, as one memory-mapped block of uint8 pixels.

Crops are small, so decoding and resizing them in every epoch costs far more than augmentation. All
augmentation except AutoAugment follows the resize in the recipes, so the cache is equivalent.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from agreid_cli.cores import usable_cores
from agreid_cli.errors import InputError, Problem
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_text
from agreid_cli.records.folders import writing_folder
from agreid_cli.records.locks import locked
from agreid_cli.training.pixels import VERSION, read_converted, said_of
from agreid_cli.training.threads import one_core_each

PIXELS = "images.u8"
INDEX = "index.json"
CHUNK = 32  # crops per task
MOST_NAMED = 50
#: uint8 RGB of one crop, and what was converted, or "".
Pixels = tuple[np.ndarray, str]


@dataclass(frozen=True)
class Cache:
    """`images` is n×H×W×3 uint8 RGB, read-only; row i shows crop `kept[i]` of the given list."""

    images: np.ndarray
    kept: np.ndarray  # n int64, ascending
    bad: tuple[Problem, ...]  # crops left out, with the reason
    built: bool  # just now, not reused
    converted: dict[str, int]  # what was not 8-bit RGB → crops


def open_cache(
    folder: Path,
    paths: Iterable[str],
    *,
    size: tuple[int, int],
    interpolation: str = "bicubic",
    workers: int | None = None,
    on_bad_image: str = "fail",
    progress: Progress = SILENT,
) -> Cache:
    """The cache of these crop files in `folder`, built if it is missing or any file has changed.

    `size` is (height, width). Several processes may ask at once: one builds, the others wait. Bad images are
    an `InputError` that names all of them, or with `on_bad_image="skip"` a warning. Ctrl-C stops building
    cleanly and leaves the previous cache.
    """
    files = list(paths)
    key, vanished = _key(files, size, interpolation)
    with locked(folder.parent / f".{folder.name}.lock"):
        found = _read(folder, key, size)
        if found is None:
            if vanished and on_bad_image == "fail":
                _refuse(vanished)
            _clear_leftovers(folder)
            _must_fit(folder, len(files), size)
            found = _build(folder, files, key, size, interpolation, workers, on_bad_image, progress)
    if said := said_of(found.converted):
        progress.note(said)
    if found.bad:
        if on_bad_image == "fail":
            _refuse(found.bad)
        progress.warn(
            f"{len(found.bad)} of {len(files)} crops cannot be read and are left out: "
            f"{', '.join(str(problem) for problem in found.bad[:3])}{' …' if len(found.bad) > 3 else ''}"
        )
    return found


def _key(files: list[str], size: tuple[int, int], interpolation: str) -> tuple[str, list[Problem]]:
    """A hash of what determines the pixels (each file's name, size, time; image size; method), and missing
    files.

    Names are relative to the common folder of all files, so a workspace can be moved or accessed by another
    path.
    """
    digest = hashlib.sha256(json.dumps([VERSION, size, interpolation]).encode())
    shared = len(os.path.commonpath([os.path.dirname(file) for file in files])) if files else 0
    vanished = []
    for file in files:
        try:
            said = os.stat(file)
            digest.update(f"{file[shared:]}\0{said.st_size}\0{said.st_mtime_ns}\n".encode())
        except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
            vanished.append(Problem(repr(file)[1:-1], getattr(error, "strerror", None) or str(error)))
            digest.update(f"{file[shared:]}\0gone\n".encode())
    return digest.hexdigest(), vanished


def _read(folder: Path, key: str, size: tuple[int, int]) -> Cache | None:
    """The finished cache if its key matches and its pixels are complete."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if index["key"] != key:
            return None
        shape = (len(index["kept"]), *size, 3)
        if (folder / PIXELS).stat().st_size != int(np.prod(shape)):
            return None
        bad = tuple(Problem(place, why) for place, why in index["bad"])
        kept = np.array(index["kept"], np.int64)
        return Cache(_mapped(folder / PIXELS, shape), kept, bad, built=False, converted=index["converted"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _mapped(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    if not shape[0]:
        return np.zeros(shape, np.uint8)
    return np.memmap(path, dtype=np.uint8, mode="r", shape=shape)


def _build(
    folder: Path,
    files: list[str],
    key: str,
    size: tuple[int, int],
    interpolation: str,
    workers: int | None,
    on_bad_image: str,
    progress: Progress,
) -> Cache:
    kept: list[int] = []
    bad: list[Problem] = []
    converted: Counter[str] = Counter()
    with writing_folder(folder, overwrite=True) as made:
        with (
            open(made / PIXELS, "wb") as out,
            progress.task(f"cache {size[0]}x{size[1]}", len(files), "crops") as task,
        ):
            place = 0
            for piece in _decoded(files, size, interpolation, workers or usable_cores()):
                for row, image in enumerate(piece, start=place):
                    if isinstance(image, str):
                        bad.append(Problem(files[row], image))
                    else:
                        pixels, what = image
                        kept.append(row)
                        append_image(out, pixels)
                        converted.update([what] if what else [])
                place += len(piece)
                task.advance(len(piece))
            out.flush()
            os.fsync(out.fileno())
        if bad and on_bad_image == "fail":
            _refuse(bad)
        index = {
            "key": key, "size": size, "kept": kept, "bad": [(p.where, p.what) for p in bad],
            "converted": converted,
        }  # fmt: skip
        write_text(made / INDEX, json.dumps(index))
    images = _mapped(folder / PIXELS, (len(kept), *size, 3))
    return Cache(images, np.array(kept, np.int64), tuple(bad), built=True, converted=dict(converted))


def append_image(out: BinaryIO, image: np.ndarray) -> None:
    out.write(image.tobytes())


def _decoded(
    files: list[str], size: tuple[int, int], interpolation: str, workers: int
) -> Iterator[list[Pixels | str]]:
    """Chunks of pixels in the order of `files`; a text with the reason if there is no image.

    Decoding and resizing release the GIL, so threads are used; only a few chunks wait at a time.
    """

    def work(piece: list[str]) -> list[Pixels | str]:
        return [_one(file, size, interpolation) for file in piece]

    pieces = iter([files[start : start + CHUNK] for start in range(0, len(files), CHUNK)])
    pool = one_core_each(workers, "cache")
    try:
        waiting: deque[Future[list[Pixels | str]]] = deque()
        waiting.extend(pool.submit(work, piece) for piece in islice(pieces, 2 * workers))
        while waiting:
            done = waiting.popleft().result()
            waiting.extend(pool.submit(work, piece) for piece in islice(pieces, 1))
            yield done
    finally:
        pool.shutdown(cancel_futures=True)


def _one(file: str, size: tuple[int, int], interpolation: str) -> Pixels | str:
    try:
        return read_converted(file, size, interpolation)
    except OSError as error:
        return error.strerror or str(error)
    except ValueError as error:
        return str(error)


def _refuse(bad: Iterable[Problem]) -> None:
    problems = list(bad)
    more = len(problems) - MOST_NAMED
    shown = problems[:MOST_NAMED] + ([Problem("", f"and {more} more")] if more > 0 else [])
    raise InputError(
        f"{len(problems)} crops cannot be read",
        problems=shown,
        hint="Restore them, or skip them: --on-bad-image skip",
    )


def _must_fit(folder: Path, n: int, size: tuple[int, int]) -> None:
    needed, free = n * size[0] * size[1] * 3, shutil.disk_usage(folder.parent).free
    if needed > free:
        raise InputError(
            f"the packed crops need {needed / 1e9:.1f} GB, and {folder.parent} has {free / 1e9:.1f} free",
            hint="Free some space, or train at a smaller model.size.",
        )


def _clear_leftovers(folder: Path) -> None:
    """Unfinished folders of killed processes; the lock guarantees that none is being built now."""
    for left in folder.parent.glob(f".{folder.name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
