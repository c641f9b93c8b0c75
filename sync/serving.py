"""An HTTP server in a thread of this process, started and stopped like any other part."""

import socket
import threading
from typing import Any

import uvicorn

_START_SECONDS = 20.0


class ServerError(OSError):
    """The server could not be started."""


class ThreadServer:
    """Serves an ASGI application from a thread of its own; port 0 takes a free one."""

    def __init__(self, app: Any, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host = host
        self._port = port
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=30,
        )
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    def start(self) -> str:
        """Listen and return the base URL, once requests are answered.

        Raises:
            ServerError: the address cannot be used.

        """
        self._socket = self._listen()
        host, port = self._socket.getsockname()[:2]
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._socket]},
            name=f"serve-{port}",
            daemon=True,
        )
        self._thread.start()
        self._await_start()
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(512)
        except OSError as error:
            listener.close()
            raise ServerError(
                f"cannot listen on {self._host} port {self._port}: {error.strerror}; "
                "stop what uses it, or choose another port"
            ) from error
        return listener

    def _await_start(self) -> None:
        pause = threading.Event()
        for _ in range(int(_START_SECONDS / 0.01)):
            if self._server.started:
                return
            if self._thread is None or not self._thread.is_alive():
                break
            pause.wait(0.01)
        self.stop()
        raise ServerError(f"the server on {self._host} port {self._port} did not start")

    def stop(self) -> None:
        """Stop listening, let running requests end for up to two seconds. May be called twice."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
