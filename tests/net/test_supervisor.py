"""A supervisor that asks for it is told what state the process is in; one that does not is left alone."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from driftwatch.net.supervisor import tell_supervisor


def test_a_socket_in_the_file_system_is_told(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(path)

        assert tell_supervisor("READY=1", {"NOTIFY_SOCKET": path})

        supervisor.settimeout(5)
        assert supervisor.recv(100) == b"READY=1"


@pytest.mark.skipif(not Path("/proc/net/unix").exists(), reason="abstract names are known to Linux alone")
def test_a_socket_with_an_abstract_name_is_told() -> None:
    name = f"driftwatch-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind("\0" + name)

        assert tell_supervisor("WATCHDOG=1", {"NOTIFY_SOCKET": "@" + name})

        supervisor.settimeout(5)
        assert supervisor.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/notify", "vsock:2:1234"])
def test_without_a_socket_that_listens_nobody_is_told_and_nothing_fails(address: str) -> None:
    assert not tell_supervisor("READY=1", {"NOTIFY_SOCKET": address})


def test_a_supervisor_that_does_not_read_stops_nobody(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(path)

        told = [tell_supervisor("WATCHDOG=1", {"NOTIFY_SOCKET": path}) for _ in range(10_000)]

    assert told[0]
    assert not told[-1]
