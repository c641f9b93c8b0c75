"""A network camera that looks at a rendered bench: HTTP with motion JPEG, on loopback.

The stream is ``multipart/x-mixed-replace`` (RFC 2046, section 5.1; the form that IP cameras use),
so any player can open it. Every frame carries new sensor noise.
"""

import socket
import threading
import time

import numpy as np

from returnbench.drivers.mjpeg_server import MjpegServer
from returnbench.drivers.quiet_cv import cv2
from returnbench.drivers.scene_parts import Picture
from returnbench.drivers.scenes import SceneSpec, render

_NOISE_SD = 1.6
_NOISE_SPAN = 6
_NOISE_MARGIN = 64
_JPEG_QUALITY = 90
_DELIVERY_LIMIT_S = 2.0


class CameraSimulator:
    """A camera over the bench, whose scene and faults are set from outside.

    All methods may be called from any thread. ``seed`` makes the order of the noise repeatable.
    """

    def __init__(
        self, width: int = 1280, height: int = 720, fps: float = 12.0, seed: int = 0
    ) -> None:
        self._size = (width, height)
        self._step_s = 1.0 / fps
        self._rng = np.random.default_rng(seed)
        self._noise = self._make_noise()
        self._state = threading.Condition()
        self._base = self._ground(SceneSpec(seed=seed))
        self._scene = 0
        self._fault = ""
        self._frame = b""
        self._frame_no = 0
        self._frame_scene = 0
        self._watchers: dict[int, int] = {}
        self._connections: dict[int, socket.socket] = {}
        self._server: MjpegServer | None = None
        self._port = 0
        self._running = False
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """The address of the stream; valid from :meth:`start` on."""
        return f"http://127.0.0.1:{self._port}/video.mjpg"

    def start(self) -> str:
        """Listen on a free port and return the address of the stream.

        Raises:
            OSError: no port can be opened.

        """
        if self._running:
            return self.url
        self._running = True
        self._listen()
        self._port = self._require_server().server_address[1]
        maker = threading.Thread(target=self._make_frames, name="sim-camera", daemon=True)
        maker.start()
        self._threads.append(maker)
        return self.url

    def stop(self) -> None:
        """Close all connections and end."""
        with self._state:
            self._running = False
            self._state.notify_all()
        self.unplug()
        for thread in self._threads:
            thread.join(5)
        self._threads.clear()

    def show(self, spec: SceneSpec) -> int:
        """Put ``spec`` on the bench.

        Returns the monotonic time in nanoseconds after which every frame that arrives shows it:
        the call waits until all viewers have been sent their first frame of the new scene. While
        the camera is unplugged, stalled or frozen it does not wait, and nobody sees the scene.

        Raises:
            ValueError: the scene cannot be drawn (see :func:`~returnbench.drivers.scenes.render`).

        """
        base = self._ground(spec)
        with self._state:
            self._base = base
            self._scene += 1
            wanted = self._scene
            self._state.notify_all()
            self._state.wait_for(
                lambda: not self._sends() or self._all_saw(wanted), _DELIVERY_LIMIT_S
            )
            return time.monotonic_ns()

    def unplug(self) -> None:
        """Pull the cable: connections break, new ones are refused."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        with self._state:
            open_now = list(self._connections.values())
            self._state.notify_all()
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                # The viewer was faster.
                continue
        with self._state:
            self._state.wait_for(lambda: not self._connections, _DELIVERY_LIMIT_S)

    def replug(self) -> None:
        """Plug the cable in again: the same address answers.

        Raises:
            OSError: another program has taken the port meanwhile.

        """
        if self._server is None and self._running:
            self._listen()

    def stall(self) -> None:
        """Keep the connections, send nothing more."""
        self._set_fault("stall")

    def freeze(self) -> None:
        """Send the last frame again and again."""
        self._set_fault("freeze")

    def darken(self) -> None:
        """Switch the light off."""
        self._set_fault("dark")

    def recover(self) -> None:
        """End a stall, a freeze or the darkness."""
        self._set_fault("")

    def _set_fault(self, fault: str) -> None:
        with self._state:
            self._fault = fault
            self._state.notify_all()

    def _listen(self) -> None:
        self._server = MjpegServer(("127.0.0.1", self._port), self)
        serving = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sim-camera-http", daemon=True
        )
        serving.start()
        self._threads.append(serving)

    def _require_server(self) -> MjpegServer:
        if self._server is None:
            raise RuntimeError("the camera is unplugged")
        return self._server

    def _sends(self) -> bool:
        """Whether frames of the present scene are going to anybody."""
        return bool(self._running and self._watchers and self._fault not in ("stall", "freeze"))

    def _all_saw(self, scene: int) -> bool:
        return all(seen >= scene for seen in self._watchers.values())

    def _ground(self, spec: SceneSpec) -> Picture:
        """The scene, lowered by half the span of the noise, which only ever adds."""
        picture = render(spec, *self._size)
        return picture - np.minimum(picture, np.uint8(_NOISE_SPAN))

    def _make_noise(self) -> Picture:
        width, height = self._size
        shape = (height + _NOISE_MARGIN, width + _NOISE_MARGIN, 3)
        noise = self._rng.normal(_NOISE_SPAN, _NOISE_SD, shape)
        return np.asarray(np.clip(np.round(noise), 0, 2 * _NOISE_SPAN), np.uint8)

    def _make_frames(self) -> None:
        due = time.monotonic()
        made = -1
        while True:
            with self._state:
                while self._running and not (
                    self._watchers
                    and self._fault != "stall"
                    and (time.monotonic() >= due or made != self._scene)
                ):
                    idle = not self._watchers or self._fault == "stall"
                    self._state.wait(None if idle else max(0.0, due - time.monotonic()))
                if not self._running:
                    return
                base, scene, fault = self._base, self._scene, self._fault
            due = time.monotonic() + self._step_s
            made = scene
            is_repeat = fault == "freeze" and self._frame != b""
            jpeg = self._frame if is_repeat else self._expose(base, fault)
            with self._state:
                if fault == self._fault:
                    self._frame = jpeg
                    self._frame_scene = self._frame_scene if is_repeat else scene
                    self._frame_no += 1
                    self._state.notify_all()

    def _expose(self, base: Picture, fault: str) -> bytes:
        """One frame: the scene with noise. Each frame cuts another piece from one noise field."""
        width, height = self._size
        x, y = (int(n) for n in self._rng.integers(0, _NOISE_MARGIN, 2))
        light = base // 24 if fault == "dark" else base
        picture = cv2.add(light, self._noise[y : y + height, x : x + width])
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        return data.tobytes()

    def next_frame(self, after: int, server: object) -> tuple[int, int, bytes] | None:
        """Number, scene and bytes of the next frame for a viewer; ``None`` when it shall end."""
        with self._state:
            self._state.wait_for(lambda: self._frame_no > after or not self._is_on(server))
            if not self._is_on(server):
                return None
            return self._frame_no, self._frame_scene, self._frame

    def _is_on(self, server: object) -> bool:
        return self._running and self._server is server

    def joined(self, viewer: int, connection: socket.socket) -> int:
        """A viewer came; the number of the frame after which it begins."""
        with self._state:
            self._connections[viewer] = connection
            # From now on show() waits for this viewer, too.
            self._watchers[viewer] = -1
            self._state.notify_all()
            return self._frame_no

    def sent(self, viewer: int, scene: int) -> None:
        """A frame of ``scene`` has been handed to the viewer's connection."""
        with self._state:
            self._watchers[viewer] = scene
            self._state.notify_all()

    def left(self, viewer: int) -> None:
        """A viewer went away."""
        with self._state:
            self._watchers.pop(viewer, None)
            self._connections.pop(viewer, None)
            self._state.notify_all()
