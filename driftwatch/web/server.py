"""The server of the pages: uvicorn in a thread of its own, for the main thread owns the signals."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from driftwatch.app import App, open_app
from driftwatch.config.loading import Config
from driftwatch.config.web import Listen
from driftwatch.errors import ConfigError
from driftwatch.net.addresses import is_loopback
from driftwatch.web.connections import Limits, build_protocol
from driftwatch.web.door import is_trusted
from driftwatch.web.site import build_site

__all__ = ["WebServer", "open_pages", "serve_pages"]

log = logging.getLogger("driftwatch.web")

_STOP_SECONDS = 5


class WebServer:
    """Serves a site at an address, from `start` to `close`.

    With the port 0 the system chooses one; `listen` says which. `limits` hold for its connections.
    """

    def __init__(self, site: FastAPI, listen: Listen, limits: Limits) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(
                site,
                log_config=None,
                access_log=False,
                server_header=False,
                # Whoever asks for a page through a proxy is known by the proxy alone.
                proxy_headers=False,
                timeout_graceful_shutdown=_STOP_SECONDS,
                limit_concurrency=200,
                http=build_protocol(limits),
            )
        )
        self._socket = _open_socket(listen)
        self.listen = Listen(host=listen.host, port=self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to serve, and return at once."""
        self._thread.start()

    def close(self) -> None:
        """Let requests under way end, a few seconds at most, and stop."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS + 1)
        with suppress(OSError):
            self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def open_pages(find_app: Callable[[], App], listen: Listen | None = None) -> WebServer:
    """Begin to serve the pages of the configuration at work, where that says or at `listen`.

    Raises ConfigError where nobody can listen there.
    """
    config = find_app().config
    limits = Limits(lambda address: is_loopback(address) or is_trusted(address, find_app().config.access))
    server = WebServer(build_site(find_app), listen or config.listen, limits)
    server.start()
    if config.access.is_open:
        log.warning("pages open to everybody listen=%s reason=nobody is asked who they are", server.listen)
    log.info("pages served at=http://%s", server.listen)
    return server


def serve_pages(config: Config) -> int:
    """Serve the pages alone, until SIGTERM or SIGINT, and return the exit status."""
    app = open_app(config)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        server = open_pages(lambda: app)
        stopped.wait()
        server.close()
    finally:
        app.close()
    return 0


def _open_socket(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((listen.host, listen.port))
        found.listen(128)
    except OSError as error:
        found.close()
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(
            f"the pages cannot be served at {listen}: {why}; set web.listen to another address, or serve "
            "with --no-web"
        ) from None
    return found
