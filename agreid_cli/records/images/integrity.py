"""Check from its structure whether an image file is complete: truncated, padded, or damaged inside.

JPEG (ITU-T T.81): marker segments and entropy-coded scans up to the end marker; what follows it is padding.
PNG (ISO/IEC 15948): chunks with checksums up to IEND. WebP: the RIFF header states the length.
"""

from __future__ import annotations

import re
import zlib

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
END = b"\xff\xd9"
#: The next marker in entropy-coded data: 0xFF, but not stuffed (00), a fill byte (FF) or a restart (D0 to
#: D7).
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_TABLES, _SCAN, _PROGRESSIVE = 0xC4, 0xDA, 0xC2
_ALONE = {0x00, 0x01, *range(0xD0, 0xD9)}
_HOLE = bytes(16)
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
#: Warnings of libjpeg that concern metadata, not pixels.
_HARMLESS = ("jfif revision", "adobe color transform", "invalid sos parameters")
_IEND = bytes(4) + b"IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")
#: Chunks that determine the pixels; damage in a comment is harmless.
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"tRNS"}


def trimmed_jpeg(data: bytes) -> bytes:
    """The JPEG without what follows its end marker; if only the marker is missing, it is added.

    Raises `ValueError` if the file ends before its pixels, or zeros replace some of them.
    """
    place, scans = 2, 0
    zero_codes: dict[int, int] = {}
    lacking: dict[int, int] = {}  # of a progressive file: component → bits of coefficients still to come
    while True:
        place = data.find(b"\xff", place)
        while 0 <= place < len(data) - 1 and data[place + 1] == 0xFF:  # fill bytes
            place += 1
        if place < 0 or place + 4 > len(data):
            if data[max(place, 0) :] == END:
                _all_scans(lacking)
                return data
            break
        kind = data[place + 1]
        if kind == END[1]:
            _all_scans(lacking)
            return data[: place + 2]
        if kind in _ALONE:
            place += 2
            continue
        start, place = place + 4, place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if kind == _TABLES:
            zero_codes |= _zero_codes(data[start:place])
        if kind == _PROGRESSIVE:
            lacking = dict.fromkeys(data[start + 6 : place : 3], (1 << 64) - 1)
        if kind == _SCAN:
            scans += 1
            _note_scan(data[start:place], lacking)
            found = _MARKER.search(data, place)
            stop = found.start() if found else len(data.rstrip(b"\x00"))
            if _no_zeros(data[start:place], zero_codes) and data.find(_HOLE, place, stop) >= 0:
                raise ValueError("the file is damaged: some of its pixel data is zeros")
            if found is None:
                _all_scans(lacking)
                return data[:stop] + END  # the decoder knows whether the scan is complete
            place = stop
    if not scans or place > len(data):
        raise ValueError("the file ends early: it is truncated")
    _all_scans(lacking)
    return data + END


def _note_scan(header: bytes, lacking: dict[int, int]) -> None:
    """Remove the coefficients that a progressive scan completes to their last bit."""
    if len(header) > 5 and len(header) == 4 + 2 * header[0] and not header[-1] & 15:
        first, last = header[-3:-1]
        for component in header[1:-3:2]:
            lacking[component] = lacking.get(component, 0) & ~((1 << (last + 1)) - (1 << first))


def _all_scans(lacking: dict[int, int]) -> None:
    if any(lacking.values()):
        raise ValueError("the file ends early: scans of its progressive pixels are missing")


def _zero_codes(tables: bytes) -> dict[int, int]:
    """The symbol whose code is all zeros, per class and number of each Huffman table in a segment."""
    found, place = {}, 0
    while place + 17 < len(tables):
        found[tables[place]] = tables[place + 17]
        place += 17 + sum(tables[place + 1 : place + 17])
    return found


def _no_zeros(header: bytes, zero_codes: dict[int, int]) -> bool:
    """Whether a scan cannot contain a long run of zeros: it would encode dozens of equal coefficients.

    If the all-zero code ends a block instead, as in optimised tables, a flat background is all zeros.
    """
    if len(header) < 6 or len(header) != 4 + 2 * header[0]:
        return False
    first, last, steps = header[-3:]
    tables = [0x10 | (number & 15) for number in header[2:-3:2]]
    coefficients = any(zero_codes.get(table, 0) & 15 for table in tables)
    return coefficients and last > first and not steps >> 4


def jpeg_fault(data: bytes, said: str) -> str:
    """What libjpeg's warning or error means for the pixels; empty if it does not affect them."""
    low = said.lower()
    if "premature end" in low:
        return "the file ends early: it is truncated, or has a hole"
    if found := _EXTRANEOUS.search(low):
        left = data[: -len(END)][-int(found[1]) :]
        return (
            ""
            if not left.strip(b"\x00\xff")
            else "the file is damaged: its pixels take up less than its data"
        )
    if any(word in low for word in _HARMLESS):
        return ""
    return f"the file is damaged: {said.strip()}"


def trimmed_png(data: bytes) -> bytes:
    """The PNG without what follows its end; if only the end chunk is missing, it is added.

    Raises `ValueError` if a required chunk fails its checksum or is truncated.
    """
    place = len(PNG)
    while place + 8 <= len(data):
        size, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        end = place + 12 + size
        if end > len(data):
            break
        if kind in _CRITICAL:
            stated = int.from_bytes(data[end - 4 : end], "big")
            if zlib.crc32(data[place + 4 : end - 4]) != stated:
                raise ValueError(f"the file is damaged at byte {place}: a checksum fails")
        place = end
        if kind == b"IEND":
            return data[:place]
    if b"IDAT" not in data[:place] or (place + 8 <= len(data) and data[place + 4 : place + 8] != b"IEND"):
        raise ValueError("the file ends early: it is truncated")
    return data[:place] + _IEND  # the decoder knows whether the pixels are complete


def check_riff(data: bytes) -> None:
    """Raise `ValueError` if a RIFF file (WebP) is shorter than its header says."""
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise ValueError("the file ends early: it is truncated")


def ends(tail: bytes, head: bytes, size: int) -> bool:
    """Whether a file of `size` bytes that begins with `head` and ends with `tail` may be complete.

    A quick check for many files: `False` requires the full check, `True` is not a proof.
    """
    if head.startswith(JPEG):
        return tail.endswith(END)
    if head.startswith(PNG):
        return tail[-8:-4] == b"IEND"
    if head.startswith(b"RIFF"):
        return 8 + int.from_bytes(head[4:8], "little") <= size
    return True
