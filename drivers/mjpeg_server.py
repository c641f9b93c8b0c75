"""Motion JPEG over HTTP: ``multipart/x-mixed-replace``, the form that network cameras use.

Each part has its length, so that a reader needs no search for the boundary (RFC 2046, section 5.1).
"""

import logging
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Protocol

log = logging.getLogger(__name__)

_BOUNDARY = "returnbench-frame"


class FrameFeed(Protocol):
    """Where the frames come from. Called from the threads of the viewers."""

    def joined(self, viewer: int, connection: socket.socket) -> int:
        """A viewer came; the number of the frame after which it begins."""

    def next_frame(self, after: int, server: object) -> tuple[int, int, bytes] | None:
        """Number, scene and bytes of the next frame, waited for; ``None``: the stream ends."""

    def sent(self, viewer: int, scene: int) -> None:
        """A frame of ``scene`` has been handed to the viewer's connection."""

    def left(self, viewer: int) -> None:
        """A viewer went away."""


class MjpegServer(ThreadingHTTPServer):
    """Serves the frames of a feed to any number of viewers, one thread each."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], feed: FrameFeed) -> None:
        self.feed = feed
        super().__init__(address, _Viewer)

    def server_bind(self) -> None:
        """Bind without the name lookup of HTTPServer, which may ask a slow name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Into the log instead of the terminal."""
        log.debug("a connection to the camera simulator broke", exc_info=True)


class _Viewer(BaseHTTPRequestHandler):
    """One connection that watches the stream."""

    server: MjpegServer

    def do_GET(self) -> None:
        """Send frames until one side ends."""
        feed, viewer = self.server.feed, id(self)
        last = feed.joined(viewer, self.connection)
        try:
            self.send_response(200)
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
            self.end_headers()
            while (frame := feed.next_frame(last, self.server)) is not None:
                last, scene, jpeg = frame
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                self.wfile.write(head.encode() + b"\r\n\r\n" + jpeg + b"\r\n")
                feed.sent(viewer, scene)
        except OSError as error:
            log.debug("a viewer of the camera simulator left: %s", error)
        finally:
            feed.left(viewer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Into the log instead of the terminal."""
        log.debug(format, *args)
