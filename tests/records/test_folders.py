from __future__ import annotations

import errno
from pathlib import Path

import pytest

from agreid_cli.errors import AgreidError, InputError
from agreid_cli.records.folders import writing_folder


def names(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*"))


def test_a_folder_appears_whole_and_replaces_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "deep" / "out").mkdir(parents=True)
    with writing_folder(tmp_path / "deep" / "out") as folder:
        (folder / "a").write_text("x")
        assert list((tmp_path / "deep" / "out").iterdir()) == []
    assert names(tmp_path) == ["deep", "deep/out", "deep/out/a"]


def test_a_full_folder_is_replaced_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with pytest.raises(InputError, match="exists"), writing_folder(tmp_path / "out") as folder:
        (folder / "new").touch()
    assert names(tmp_path) == ["out", "out/old"]
    with writing_folder(tmp_path / "out", overwrite=True) as folder:
        (folder / "new").touch()
    assert names(tmp_path) == ["out", "out/new"]


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_folder_and_no_litter(error: BaseException, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with pytest.raises(type(error)), writing_folder(tmp_path / "out", overwrite=True) as folder:
        (folder / "new").touch()
        raise error
    assert names(tmp_path) == ["out", "out/old"]


def test_a_full_disk_and_another_disk_are_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(AgreidError, match="disk is full"), writing_folder(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(InputError, match="--link symbolic"), writing_folder(tmp_path / "out"):
        raise OSError(errno.EXDEV, "Invalid cross-device link")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"), writing_folder(tmp_path / "file" / "out"):
        pass
    assert names(tmp_path) == ["file"]
