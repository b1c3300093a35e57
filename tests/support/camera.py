"""Cameras on the loopback address: HTTP (transport stream, multipart JPEG, a file) and RTSP."""

from __future__ import annotations

import contextlib
import re
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2

from tests.support import tiny

BLOCK = 188 * 7
SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:1\r\n"


@dataclass
class Shown:
    """What a camera shows. pause_s: between blocks or pictures; drop_at: bytes or pictures of the n-th
    connection after which the line breaks; waits_at: bytes after which it is silent until `go` is set;
    asked: connections so far; seen: set by the first of them."""

    data: bytes = b""
    jpegs: list[bytes] = field(default_factory=list)
    pause_s: float = 0.0
    drop_at: dict[int, int] = field(default_factory=dict)
    length: bool = False
    waits_at: int = 10**9
    go: threading.Event = field(default_factory=threading.Event)
    asked: int = 0
    seen: threading.Event = field(default_factory=threading.Event)


def transport_stream(folder: Path, frames: int = 40) -> bytes:
    return tiny.encode(folder / "camera.ts", tiny.clip(frames), keyframe_every=6).read_bytes()


def jpegs(frames: int = 40) -> list[bytes]:
    return [cv2.imencode(".jpg", image)[1].tobytes() for image in tiny.clip(frames)]


@contextlib.contextmanager
def http(**shown: Shown) -> Iterator[str]:
    """Serve each name as a path; yields "http://127.0.0.1:PORT"."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            show = shown.get(self.path.strip("/").partition("?")[0])
            if show is None:
                return self.send_error(404)
            show.asked += 1
            show.seen.set()
            end = show.drop_at.get(show.asked, 10**9)
            self.send_response(200)
            kind = "multipart/x-mixed-replace; boundary=frame" if show.jpegs else "video/mp2t"
            self.send_header("Content-Type", kind)
            if show.length:
                self.send_header("Content-Length", str(len(show.data)))
            self.end_headers()
            with contextlib.suppress(OSError):
                if show.jpegs:
                    for jpeg in show.jpegs[:end]:
                        head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
                        self.wfile.write(head % len(jpeg) + jpeg + b"\r\n")
                        time.sleep(show.pause_s)
                else:
                    for start in range(0, min(end, len(show.data)), BLOCK):
                        if start >= show.waits_at:
                            show.go.wait(30)
                        self.wfile.write(show.data[start : min(start + BLOCK, end)])
                        time.sleep(show.pause_s)

        def log_message(self, *words: Any) -> None: ...

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def rtsp(show: Shown) -> Iterator[str]:
    """Serve a transport stream by RTSP over TCP (RTP payload type 33); yields "rtsp://127.0.0.1:PORT"."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            show.asked += 1
            while (request := self._request()) is not None:
                verb, number = request
                if verb == "DESCRIBE":
                    length = f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n"
                    self._answer(number, length, SDP)
                elif verb == "SETUP":
                    self._answer(number, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7\r\n")
                elif verb == "PLAY":
                    self._answer(number, "Session: 7\r\n")
                    with contextlib.suppress(OSError):
                        self._play()
                    return
                else:
                    self._answer(number, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n")

        def _request(self) -> tuple[str, str] | None:
            lines = []
            while (line := self.rfile.readline().decode()) not in ("\r\n", ""):
                lines.append(line)
            if not lines:
                return None
            found = re.search(r"CSeq: *(\d+)", "".join(lines))
            return lines[0].split()[0], found[1] if found else "0"

        def _answer(self, number: str, headers: str, body: str = "") -> None:
            self.wfile.write(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{headers}\r\n{body}".encode())

        def _play(self) -> None:
            end = show.drop_at.get(show.asked, len(show.data))
            for count, start in enumerate(range(0, min(end, len(show.data)), BLOCK)):
                payload = show.data[start : start + BLOCK]
                packet = struct.pack(">BBHII", 0x80, 33, count & 0xFFFF, count * 900, 1) + payload
                self.wfile.write(b"$\0" + struct.pack(">H", len(packet)) + packet)
                time.sleep(show.pause_s)

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"rtsp://127.0.0.1:{port}"


@contextlib.contextmanager
def _serving(server: Any) -> Iterator[int]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
