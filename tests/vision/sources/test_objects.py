"""Videos in an object store: a folder that answers as one, and a real S3 server where moto is installed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.fs
import pytest

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.errors import InputError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video import extract_crops as stage
from agreid_cli.stages.video.jobs import Given
from agreid_cli.vision.sources import kind_of, name_of, objects
from tests.support import tiny
from tests.support.heard import Heard

ADDRESS = "s3://flights/day/T02140A0C3.avi"


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder whose files the addresses name; temporary files go to `tmp`."""

    def local(address: str) -> tuple[Any, str]:
        key = address.partition("://")[2].partition("?")[0]
        return pyarrow.fs.LocalFileSystem(), str(tmp_path / key)

    (tmp_path / "flights" / "day").mkdir(parents=True)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(objects, "located", local)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(stage, "load_networks", tiny.loader())
    return tmp_path / "flights" / "day"


def extract(video: str | Path, root: Path, **how: Any) -> Any:
    return stage.extract_crops(
        [video], Workspace(root), config=ExtractConfig(every=5), given=Given("cctv"), **how
    )


def test_the_name_is_that_of_the_file_without_secrets() -> None:
    assert kind_of(ADDRESS) == "object"
    assert name_of("object", ADDRESS + "?access_key=a&secret_key=b") == "T02140A0C3"


def test_an_object_gives_the_crops_of_the_file_and_leaves_no_copy(bucket: Path, tmp_path: Path) -> None:
    file = tiny.write(bucket / "T02140A0C3.avi", tiny.clip(14))
    local, remote = (extract(video, tmp_path / name) for video, name in ((file, "a"), (ADDRESS, "b")))
    assert remote.total == local.total > 0
    crops = [{name: data for name, data in tiny.tree(tmp_path / one).items() if not name.endswith(".json")}
             for one in ("a", "b")]  # fmt: skip
    assert crops[0] == crops[1]
    assert remote.videos[0].source["kind"] == "object"
    assert remote.videos[0].inputs == local.videos[0].inputs
    assert list((tmp_path / "tmp").iterdir()) == []
    assert extract(ADDRESS, tmp_path / "b").skipped == ("T02140A0C3",)


def test_what_cannot_be_read_is_named_by_its_address(bucket: Path, tmp_path: Path) -> None:
    (bucket / "a.avi").write_bytes(b"no video")
    secret = "?secret_key=hidden"
    with pytest.raises(InputError) as caught:
        extract("s3://flights/day/a.avi" + secret, tmp_path / "w")
    assert "s3://flights/day/a.avi is not a video that FFmpeg can open" in str(caught.value)
    with pytest.raises(InputError) as lost:
        extract("s3://flights/day/b.avi" + secret, tmp_path / "w")
    assert "s3://flights/day/b.avi cannot be read" in str(lost.value)
    assert "hidden" not in str(caught.value) + str(lost.value)
    assert list((tmp_path / "tmp").iterdir()) == []
    with pytest.raises(InputError, match="the protocol 'ftp' is not supported"):
        extract("ftp://host/a.avi", tmp_path / "w")


def test_notes_name_the_address_without_its_secrets(bucket: Path, tmp_path: Path) -> None:
    data = tiny.write(bucket / "a.avi", tiny.clip(14)).read_bytes()
    (bucket / "a.avi").write_bytes(data[: len(data) * 2 // 3])
    heard = Heard()
    extract("s3://flights/day/a.avi?secret_key=hidden", tmp_path / "w", progress=heard)
    said = " ".join([*heard.notes, *heard.warnings])
    assert "s3://flights/day/a.avi: " in said
    assert "hidden" not in said


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an S3 server in a process of its own; `AGREID_TEST_MOTO` may name its Python."""
    python = os.environ.get("AGREID_TEST_MOTO") or (pytest.importorskip("moto") and sys.executable)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    run = subprocess.Popen(
        [python, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while run.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"127.0.0.1:{port}"
    finally:
        run.terminate()
        run.wait()


@pytest.mark.slow
def test_a_real_server(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "load_networks", tiny.loader())
    file = tiny.write(tmp_path / "street.avi", tiny.clip(14))
    store = pyarrow.fs.S3FileSystem(
        endpoint_override=server, scheme="http", region="us-east-1", allow_bucket_creation=True
    )
    store.create_dir("flights")
    with store.open_output_stream("flights/day/street.avi") as out:
        out.write(file.read_bytes())
    how = f"?endpoint_override={server}&scheme=http&region=us-east-1"
    local, remote = (
        extract(file, tmp_path / "a"),
        extract(f"s3://flights/day/street.avi{how}", tmp_path / "b"),
    )
    assert remote.videos[0].inputs == local.videos[0].inputs
    assert remote.total == local.total > 0
    with pytest.raises(InputError, match=r"s3://flights/day/none\.avi cannot be read"):
        extract(f"s3://flights/day/none.avi{how}", tmp_path / "b")
