"""Database servers of a test's own, which it may crash: PostgreSQL and MariaDB in a folder, on a free port.

The programs are those that are installed; the folder's owner is the servers' usual user where the test runs
as root, because neither server runs as root.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Server", "open_server"]

_START_SECONDS = 30.0


class Server:
    """A server that runs: `url` names a database of it; `crashes` counts how often it was brought down."""

    def __init__(self, program: _Program, folder: Path) -> None:
        self.crashes = 0
        self._program = program
        self._folder = folder
        self._port = _find_port()
        self._process = self._start()

    def url(self, database: str) -> str:
        """Return the address of `database`, which need not exist yet."""
        return f"{self._program.scheme}@127.0.0.1:{self._port}/{database}"

    def crash(self) -> None:
        """End it without notice, as a power cut does to what it has in memory, and start it again."""
        self.crashes += 1
        self._end(self._program.crash)
        self._process = self._start()

    def close(self) -> None:
        """End it for good."""
        self._end(self._program.crash)

    def _end(self, number: int) -> None:
        self._process.send_signal(number)
        self._process.wait(timeout=30)

    def _start(self) -> subprocess.Popen[bytes]:
        with (self._folder / "server.log").open("ab") as log:
            process = subprocess.Popen(
                self._program.command(self._folder, self._port),
                stdout=log,
                stderr=log,
                user=_choose_user(self._program.user),
                cwd=self._folder,
            )
        ends_at = time.monotonic() + _START_SECONDS
        while time.monotonic() < ends_at and process.poll() is None:
            if self._program.answers(self._folder, self._port):
                return process
            time.sleep(0.05)
        raise RuntimeError(f"the server does not start; see {self._folder / 'server.log'}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """How one kind of server is made, run, asked and crashed."""

    scheme: str
    user: str
    crash: signal.Signals
    create: Callable[[Path], Sequence[str]]
    command: Callable[[Path, int], Sequence[str]]
    answers: Callable[[Path, int], bool]


@contextlib.contextmanager
def open_server(kind: str, folder: Path) -> Iterator[Server]:
    """Make a server of `kind`, postgresql or mariadb, in `folder`; it is ended and gone afterwards."""
    program = {"postgresql": _POSTGRESQL, "mariadb": _MARIADB}[kind]
    folder.mkdir(parents=True)
    user = _choose_user(program.user)
    if user is not None:
        shutil.chown(folder, user)
    command = program.create(folder / "data")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
    server = Server(program, folder)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def _choose_user(name: str) -> str | None:
    """Return the user a server runs as, None for whoever runs the test."""
    if os.getuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        pwd.getpwnam(name)
        return name
    return None


def _find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _find_postgres(name: str) -> str:
    found = shutil.which(name)
    # Debian keeps each version's programs in a place of its own.
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found is None and not places:
        raise FileNotFoundError(f"{name} is not installed; a PostgreSQL server brings it")
    return found or str(places[-1])


def _answers(_: Path, port: int) -> bool:
    command = (_find_postgres("pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q")
    return subprocess.run(command, check=False).returncode == 0


def _mariadb_answers(folder: Path, _: int) -> bool:
    command = ("mariadb-admin", "--no-defaults", "-uroot", f"--socket={folder / 'socket'}", "ping")
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


_POSTGRESQL = _Program(
    scheme="postgresql://postgres",
    user="postgres",
    crash=signal.SIGQUIT,
    create=lambda data: (
        *(_find_postgres("initdb"), "--pgdata", str(data), "--username=postgres"),
        *("--auth=trust", "--no-sync"),
    ),
    command=lambda folder, port: (
        *(_find_postgres("postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)),
        *("-c", "listen_addresses=127.0.0.1"),
    ),
    answers=_answers,
)

_MARIADB = _Program(
    scheme="mysql://root",
    user="mysql",
    crash=signal.SIGKILL,
    create=lambda data: (
        *("mariadb-install-db", "--no-defaults", f"--datadir={data}"),
        *("--auth-root-authentication-method=normal", "--skip-test-db"),
    ),
    command=lambda folder, port: (
        *(shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults", f"--datadir={folder / 'data'}"),
        *(f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"),
    ),
    answers=_mariadb_answers,
)
