"""A wire between daemons and a database server that can be cut: in a query, or in the answer to a commit."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field

__all__ = ["Proxy"]

_PIECE = 65_536
_COMMITS = (b"COMMIT", b"commit")


@dataclass(eq=False, slots=True)
class _Wire:
    """One connection through the proxy: the side of the daemon and the side of the server."""

    near: socket.socket
    far: socket.socket
    commits: bool = field(default=False)


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes everything on to `host` and `port`.

    `cut` resets every connection there is. `cut_at_commit` resets the next connection that commits, after the
    server was asked to and before the daemon hears of it: whether it was done nobody can say.
    """

    def __init__(self, host: str, port: int) -> None:
        self.cuts = 0
        self._target = (host, port)
        self._wires: set[_Wire] = set()
        self._lock = threading.Lock()
        self._armed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self._listen, name="proxy", daemon=True).start()

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self._listener.getsockname()[1])

    def cut(self) -> None:
        """Reset every connection."""
        with self._lock:
            wires = list(self._wires)
        for wire in wires:
            self._cut(wire)

    def cut_at_commit(self) -> None:
        """Reset the next connection that is told to commit, before its answer arrives."""
        self._armed.set()

    def close(self) -> None:
        """Listen no more, and cut what is connected."""
        self._listener.close()
        self.cut()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target, timeout=5)
            except OSError:
                if self._listener.fileno() < 0:
                    return
                continue
            far.settimeout(None)
            wire = _Wire(near=near, far=far)
            with self._lock:
                self._wires.add(wire)
            for work in (self._send, self._answer):
                threading.Thread(target=work, args=(wire,), daemon=True).start()

    def _send(self, wire: _Wire) -> None:
        with contextlib.suppress(OSError):
            while piece := wire.near.recv(_PIECE):
                wire.commits = any(word in piece for word in _COMMITS)
                wire.far.sendall(piece)
        self._end(wire)

    def _answer(self, wire: _Wire) -> None:
        with contextlib.suppress(OSError):
            while piece := wire.far.recv(_PIECE):
                if wire.commits and self._armed.is_set():
                    self._armed.clear()
                    self._cut(wire)
                    break
                wire.near.sendall(piece)
        self._end(wire)

    def _cut(self, wire: _Wire) -> None:
        self.cuts += 1
        for side in (wire.near, wire.far):
            with contextlib.suppress(OSError):
                # A reset, not a polite end.
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                side.shutdown(socket.SHUT_RDWR)
        self._end(wire)

    def _end(self, wire: _Wire) -> None:
        with self._lock:
            self._wires.discard(wire)
        for side in (wire.near, wire.far):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()
