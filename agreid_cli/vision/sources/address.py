"""Addresses of streams: recognise one, name its recording, and show it without secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from agreid_cli.errors import InputError

#: FFmpeg protocols that agreid reads.
PROTOCOLS = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "udp", "tcp", "srt")
#: Object stores of which videos are copied.
OBJECTS = ("s3", "gs")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def is_address(text: str) -> bool:
    """Whether the text has the form of an address.

    >>> is_address("rtsp://10.0.0.5/cam1"), is_address("2026-01-05T14:30:05Z.mp4"), is_address("a/b.mp4")
    (True, False, False)
    """
    return _ADDRESS.match(text) is not None


def is_object(text: str) -> bool:
    """Whether the address is of a file in an object store.

    >>> is_object("s3://bucket/a.mp4"), is_object("https://host/a.mp4")
    (True, False)
    """
    return text.partition("://")[0].lower() in OBJECTS


def check_address(text: str) -> None:
    """Raise `InputError` for an address with an unsupported protocol."""
    found = _ADDRESS.match(text)
    protocol = found[1].lower() if found else ""
    if protocol not in PROTOCOLS:
        hint = (
            "Give the file by its path."
            if protocol == "file"
            else f"Supported: {', '.join((*PROTOCOLS, *OBJECTS))}."
        )
        raise InputError(f"{shown(text)}: the protocol '{protocol}' is not supported", hint=hint)


def shown(text: str) -> str:
    """The address without user, password, query and fragment, which often contain secrets.

    >>> shown("rtsp://admin:pw@10.0.0.5:554/cam1?token=x")
    'rtsp://10.0.0.5:554/cam1'
    """
    protocol, _, rest = text.partition("://")
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = place.partition("/")
    return f"{protocol}://{host.rpartition('@')[2]}{slash}{path}"


def recording_name(text: str) -> str:
    """The host and the path.

    >>> recording_name("rtsp://admin:pw@10.0.0.5:554/cam1/main?token=x")
    '10.0.0.5-554-cam1-main'
    """
    parts = urlsplit(shown(text))
    return re.sub(r"[^\w.]+", "-", f"{parts.netloc}{parts.path}").strip("-.")
