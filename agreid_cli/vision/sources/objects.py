"""Videos in object stores (s3://, gs://): copied to the folder for temporary files while they are read.

Decoders seek, and a file that is read again and again over a network is slower than one copy. Credentials,
region and endpoint are those of Arrow's file systems: the environment, or the query of the address.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from agreid_cli.config.extract_crops import SourceConfig
from agreid_cli.errors import InputError, first_line
from agreid_cli.records.files import disk_error
from agreid_cli.vision.sources.address import shown
from agreid_cli.vision.video import Video, open_file

_BLOCK = 8 << 20


class Fetched:
    """A video of which the temporary copy is deleted when it is closed; otherwise as `Video`."""

    def __init__(self, video: Video, folder: Path) -> None:
        self._video, self._folder = video, folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._video, name)

    def facts(self) -> dict[str, Any]:
        """Facts for the record, with the kind of this source."""
        return {**self._video.facts(), "kind": "object"}

    def close(self) -> None:
        """Close the video and delete the copy."""
        try:
            self._video.close()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def open_object(path: Path, config: SourceConfig) -> Fetched:
    """The opener of videos in object stores. `InputError` if an object cannot be read."""
    address = address_of(path)
    folder = Path(tempfile.mkdtemp(prefix="agreid-"))
    copy = folder / Path(shown(address)).name
    try:
        _fetch(address, copy)
        return Fetched(open_file(copy, config), folder)
    except InputError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(error.message.replace(str(copy), shown(address)), hint=error.hint) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def address_of(path: Path) -> str:
    """The address that was made a `Path`, which keeps one of its slashes.

    >>> address_of(Path("s3://bucket/day/a.mp4"))
    's3://bucket/day/a.mp4'
    """
    return re.sub(r"^([A-Za-z0-9]+):/+", r"\1://", path.as_posix())


def located(address: str) -> tuple[Any, str]:
    """The file system of an address and the path in it, by Arrow."""
    from pyarrow.fs import FileSystem

    found: tuple[Any, str] = FileSystem.from_uri(address)
    return found


def _fetch(address: str, copy: Path) -> None:
    import pyarrow as pa

    hint = "Check the name, the credentials (AWS_ACCESS_KEY_ID ...), the region and the endpoint."
    try:
        store, key = located(address)
        source = store.open_input_stream(key)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"{shown(address)} cannot be read: {first_line(error)}", hint=hint) from error
    with source:
        try:
            with open(copy, "wb") as target:
                while block := _block(source, address):
                    target.write(block)
        except OSError as error:
            raise disk_error(copy, error) from error


def _block(source: Any, address: str) -> bytes:
    try:
        return bytes(source.read(_BLOCK))
    except OSError as error:
        raise InputError(
            f"{shown(address)} breaks off: {first_line(error)}", hint="Run the same command again."
        ) from error
