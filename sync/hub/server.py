"""The hub's HTTP server."""

from returnbench.sync.hub.api import create_app
from returnbench.sync.hub.service import Hub
from returnbench.sync.serving import ThreadServer


class HubServer:
    """Serves ``hub`` from a thread. It does not own the hub: stop the server first, then the hub.

    Port 0 takes a free one.
    """

    def __init__(self, hub: Hub, host: str = "127.0.0.1", port: int = 0) -> None:
        self._hub = hub
        self._server = ThreadServer(create_app(hub), host, port)

    def start(self) -> str:
        """Listen and return the base URL, once requests are answered.

        Raises:
            ServerError: the address cannot be used.

        """
        self._hub.bell.open()
        return self._server.start()

    def stop(self) -> None:
        """Answer those who wait, then stop listening. May be called twice."""
        self._hub.bell.close()
        self._server.stop()
