from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from agreid_cli.errors import InputError
from agreid_cli.progress import SILENT, Task
from agreid_cli.training import cache as module
from agreid_cli.training.cache import Cache, open_cache
from agreid_cli.training.pixels import read_resized
from tests.support.heard import Heard
from tests.support.tiny import tree
from tests.training.drawn import person

SIZE = (24, 16)


def write_images(folder: Path, n: int) -> list[str]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{i:03d}.jpg" for i in range(n)]
    for i, path in enumerate(paths):
        cv2.imwrite(str(path), person(i, i, (40 + i % 5, 20)))
    return [str(path) for path in paths]


def cached(tmp_path: Path, paths: list[str], **how: object) -> Cache:
    return open_cache(tmp_path / "cache" / "train", paths, size=SIZE, workers=2, **how)  # type: ignore[arg-type]


def by_pil(path: str, size: tuple[int, int]) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize(size[::-1], Image.Resampling.BICUBIC))


def test_the_cache_holds_what_pil_would_have_made_in_order(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 70)
    found = cached(tmp_path, paths)
    assert found.built
    assert found.images.shape == (70, *SIZE, 3)
    assert found.kept.tolist() == list(range(70))
    difference = np.stack([by_pil(path, SIZE) for path in paths]).astype(int) - found.images
    assert np.abs(difference).max() <= 1
    assert np.abs(difference).mean() < 0.3
    with pytest.raises(ValueError, match="read-only"):
        found.images[0] = 0


def test_it_is_built_once_and_again_when_anything_changes(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 5)
    before = cached(tmp_path, paths).images.copy()
    again = cached(tmp_path, paths)
    assert not again.built
    assert np.array_equal(again.images, before)
    cv2.imwrite(paths[2], person(9, 9))
    changed = cached(tmp_path, paths)
    assert changed.built
    assert not np.array_equal(changed.images[2], before[2])
    assert np.array_equal(changed.images[3], before[3])
    whole = Path(paths[4]).read_bytes()
    Path(paths[4]).write_bytes(whole)  # its time alone is new
    assert cached(tmp_path, paths).built
    assert cached(tmp_path, paths[::-1]).built, "another order"
    assert cached(tmp_path, paths[::-1], interpolation="bilinear").built
    assert sorted(p.name for p in (tmp_path / "cache").iterdir()) == [".train.lock", "train"]


def test_it_moves_with_its_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    paths = write_images(one / "images", 3)
    assert cached(one, paths).built
    one.rename(other)
    assert not cached(other, [path.replace("one", "other") for path in paths]).built
    monkeypatch.chdir(other)
    assert not cached(Path(), [os.path.relpath(path.replace("one", "other")) for path in paths]).built


def test_a_cut_off_or_broken_cache_is_made_again(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 3)
    cached(tmp_path, paths)
    folder = tmp_path / "cache" / "train"
    pixels = folder / module.PIXELS
    for spoil in (
        lambda: pixels.write_bytes(pixels.read_bytes()[:-1]),
        lambda: (folder / module.INDEX).write_text("{"),
        lambda: pixels.unlink(),
    ):
        spoil()
        assert cached(tmp_path, paths).built
        assert not cached(tmp_path, paths).built


def test_bad_images_are_named_all_at_once_or_skipped(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 40)
    whole = Path(paths[3]).read_bytes()
    Path(paths[3]).write_bytes(whole[: len(whole) // 2])
    Path(paths[20]).write_bytes(b"")
    Path(paths[35]).write_text("no image at all")
    with pytest.raises(InputError) as caught:
        cached(tmp_path, paths)
    assert [problem.where for problem in caught.value.problems] == [paths[3], paths[20], paths[35]]
    reasons = [problem.what for problem in caught.value.problems]
    assert "truncated" in reasons[0].lower()
    assert reasons[1:] == ["the file is empty", "not an image"]
    assert "--on-bad-image skip" in caught.value.hint
    assert not (tmp_path / "cache" / "train").exists(), "nothing half-made is left"
    for built in (True, False):
        heard = Heard()
        found = cached(tmp_path, paths, on_bad_image="skip", progress=heard)
        assert found.built is built
        assert found.kept.tolist() == [i for i in range(40) if i not in (3, 20, 35)]
        assert np.abs(found.images[-1].astype(int) - by_pil(paths[39], SIZE)).max() <= 1
        assert "3 of 40 crops cannot be read and are left out" in heard.warnings[0]
    with pytest.raises(InputError, match="3 crops cannot be read"):
        cached(tmp_path, paths)


def test_vanished_images_are_refused_before_any_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_images(tmp_path / "images", 4)
    cached(tmp_path, paths)
    Path(paths[1]).unlink()
    Path(paths[2]).unlink()
    monkeypatch.setattr(module, "read_converted", lambda *how: pytest.fail("an image was read"))
    with pytest.raises(InputError) as caught:
        cached(tmp_path, paths)
    assert [(p.where, p.what) for p in caught.value.problems] == [
        (paths[1], "No such file or directory"), (paths[2], "No such file or directory"),
    ]  # fmt: skip


def test_a_full_disk_is_said_before_the_work_and_during_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_images(tmp_path / "images", 3)
    cached(tmp_path, paths)
    before = tree(tmp_path / "cache")
    more = [*paths, *write_images(tmp_path / "more", 2)]

    def full(*how: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "append_image", full)
        with pytest.raises(Exception, match="the disk is full"):
            cached(tmp_path, more)
    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
        with pytest.raises(InputError, match=r"need 0\.0 GB"):
            cached(tmp_path, more)
    assert tree(tmp_path / "cache") == before


class Interrupts:
    """Presses Ctrl-C after the first crops."""

    note = warn = staticmethod(SILENT.note)

    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Iterator[Task]:
        class Bar:
            def advance(self, n: int = 1, **figures: int | float | str) -> None:
                raise KeyboardInterrupt

        yield Bar()


def test_an_interruption_leaves_what_was_there(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 70)
    cached(tmp_path, paths[:5])
    before = tree(tmp_path / "cache")
    with pytest.raises(KeyboardInterrupt):
        cached(tmp_path, paths, progress=Interrupts())
    assert tree(tmp_path / "cache") == before
    assert not any(thread.name.startswith("cache") for thread in threading.enumerate())


KILLED = """
import sys, time
from pathlib import Path
from agreid_cli.training import cache
append = cache.append_image
def slow(out, image):
    append(out, image); out.flush(); print("one", flush=True); time.sleep(60)
cache.append_image = slow
cache.open_cache(Path(sys.argv[1]), sys.argv[2:], size=(24, 16), workers=1)
"""


def test_a_killed_build_leaves_no_cache_and_the_next_clears_up(tmp_path: Path) -> None:
    paths = write_images(tmp_path / "images", 3)
    folder = tmp_path / "cache" / "train"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), *paths], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "one\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert [p.name for p in folder.parent.iterdir() if p.name.endswith(".tmp")]
    assert not folder.exists()
    assert cached(tmp_path, paths).built
    assert sorted(p.name for p in folder.parent.iterdir()) == [".train.lock", "train"]


def test_two_at_once_build_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_images(tmp_path / "images", 6)
    read = module.read_converted
    monkeypatch.setattr(module, "read_converted", lambda *how: (time.sleep(0.02), read(*how))[1])
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(cached(tmp_path, paths).built)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, True]


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("L", "png"), ("RGBA", "png"), ("P", "png"), ("CMYK", "jpg"), ("RGB", "webp"), ("RGB", "bmp")],
)
def test_other_kinds_of_image_are_read_too(tmp_path: Path, mode: str, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    image = Image.fromarray(person(3, 1)).convert(mode)
    image.save(path, **({"lossless": True} if suffix == "webp" else {"quality": 100, "subsampling": 0}))
    found = read_resized(path, (60, 28), "bicubic").astype(int)
    assert np.abs(found - np.asarray(image.convert("RGB"))).mean() < 2


def test_an_image_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    pixels = np.zeros((40, 20, 3), np.uint8)
    pixels[:20, :, 0] = 200  # red above
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(pixels).save(path, quality=95, exif=exif)
    assert read_resized(path, (40, 20), "bicubic")[30, 10, 0] > 190
