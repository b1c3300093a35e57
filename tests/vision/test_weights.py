"""Locating detector weights: as given, in the workspace, in the user's folder; downloads only on request."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agreid_cli.errors import InputError, MissingError
from agreid_cli.vision import vendors, weights
from agreid_cli.vision.weights import find_weights, user_folder


def test_a_path_then_the_folders_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second, tmp_path / "here"):
        folder.mkdir()
    monkeypatch.chdir(tmp_path / "here")
    folders = [first, second]
    (second / "y.pt").touch()
    assert find_weights("y.pt", folders=folders, download=False) == second / "y.pt"
    (first / "y.pt").touch()
    assert find_weights("y.pt", folders=folders, download=False) == first / "y.pt"
    Path("y.pt").touch()
    assert find_weights("y.pt", folders=folders, download=False) == Path("y.pt")
    (first / "model_openvino_model").mkdir()
    found = find_weights("model_openvino_model", folders=folders, download=False)
    assert found == first / "model_openvino_model"
    assert find_weights(str(second / "y.pt"), folders=folders, download=False) == second / "y.pt"


def test_what_is_not_there_is_not_fetched_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "fetch", lambda target: pytest.fail("it was fetched"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingError) as caught:
        find_weights("yolo11n.pt", folders=[tmp_path, tmp_path / "cache"], download=False)
    looked = caught.value.message
    assert "yolo11n.pt" in looked
    assert looked.count(str(tmp_path)) == 2, "each folder once"
    assert "--download" in caught.value.hint
    with pytest.raises(MissingError):
        find_weights("some/path/yolo11n.pt", folders=[tmp_path], download=True)
    with pytest.raises(InputError, match="no detector is given"):
        find_weights(" ", folders=[tmp_path], download=True)


def test_our_own_detector_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("campus").mkdir()  # a workspace may be called so
    found = find_weights("campus", folders=[tmp_path], download=False)
    assert (found.name, found.parent.name) == ("campus.pt", "detector")
    assert find_weights("./campus", folders=[tmp_path], download=False) == Path("campus")
    with pytest.raises(MissingError) as caught:
        find_weights("yolo11n.pt", folders=[tmp_path], download=False)
    assert "--detector campus ships with agreid" in caught.value.hint
    monkeypatch.setitem(weights.OWN, "campus", "detector/none.pt")
    with pytest.raises(MissingError, match="missing from this installation"):
        find_weights("campus", folders=[tmp_path], download=False)


def test_our_own_detector_is_small_and_names_no_machine() -> None:
    data = find_weights("campus", folders=[], download=False).read_bytes()
    assert len(data) < 6e6
    assert [word for word in (b"/tmp/", b"/home/", b"/root/", b"/work/") if word in data] == []


def test_fetching_keeps_the_file_in_the_last_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = pytest.importorskip("ultralytics.utils.downloads")
    monkeypatch.setattr(vendors, "ultralytics", lambda: None)

    def good(target: str) -> str:
        Path(target).touch()
        return target

    monkeypatch.setattr(downloads, "attempt_download_asset", good)
    found = find_weights("yolo11n.pt", folders=[tmp_path, tmp_path / "cache"], download=True)
    assert found == tmp_path / "cache" / "yolo11n.pt"

    def down(target: str) -> str:
        raise ConnectionError("no network here\nmany lines follow")

    monkeypatch.setattr(downloads, "attempt_download_asset", down)
    with pytest.raises(InputError, match=r"yolo11s.pt could not be downloaded") as caught:
        find_weights("yolo11s.pt", folders=[tmp_path], download=True)
    assert "--detector PATH" in caught.value.hint
    monkeypatch.setattr(downloads, "attempt_download_asset", lambda target: target)
    with pytest.raises(InputError, match=r"publishes no weights called yolo99\.pt"):
        find_weights("yolo99.pt", folders=[tmp_path], download=True)


def test_the_user_s_folder_follows_the_system_s_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_folder() == tmp_path / "agreid" / "weights"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_folder() == Path.home() / ".cache" / "agreid" / "weights"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.pt")
    with pytest.raises(InputError, match="is a named pipe, not a file"):
        find_weights(str(tmp_path / "w.pt"), folders=[], download=False)
