from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from driftwatch.channels import Log, Slack, Webhook
from driftwatch.jobs.checks import Check
from driftwatch.jobs.reaching import check_destinations, check_sources
from driftwatch.net.secrets import Secret
from driftwatch.sources.files import FilesSource
from tests.support.monitors import make_monitor, make_source

NOW = datetime(2024, 5, 1, tzinfo=UTC)
KEY = Secret.of_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A receiver that takes connections, and notes in its backlog alone that there were any."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(2)
        yield server


def webhook(port: int, scheme: str = "http") -> Webhook:
    return Webhook(url=Secret.of_text(f"{scheme}://127.0.0.1:{port}/T0/secret-path"), secret=KEY)


def check(destination: object) -> Check:
    (found,) = check_destinations("channel", {"hook": destination}, NOW)
    return found


def test_a_receiver_that_listens_is_reached_and_told_nothing(listener: socket.socket) -> None:
    port = listener.getsockname()[1]

    found = check(webhook(port))

    assert (found.name, found.health) == ("channel hook", "ok")
    assert found.text == f"http://127.0.0.1:{port} answers, and signing works"
    connected, _ = listener.accept()
    with connected:
        connected.settimeout(2)
        assert connected.recv(1) == b""


def test_a_receiver_that_is_gone_is_trouble_and_its_path_is_not_told(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()

    found = check(webhook(port))

    assert found.health == "trouble"
    assert found.text == f"http://127.0.0.1:{port} cannot be reached: connection refused"
    assert "secret" not in found.text + found.advice


def test_a_receiver_that_speaks_no_tls_is_trouble(listener: socket.socket) -> None:
    def answer() -> None:
        connected, _ = listener.accept()
        with connected:
            connected.recv(100)
            connected.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    port, thread = listener.getsockname()[1], threading.Thread(target=answer)
    thread.start()
    found = check(Slack(url=Secret.of_text(f"https://127.0.0.1:{port}/services/secret")))
    thread.join()

    assert found.health == "trouble"
    assert found.text.startswith(f"https://127.0.0.1:{port} cannot be reached: ")
    assert "secret" not in found.text


def test_addresses_that_hand_out_credentials_are_not_even_connected_to() -> None:
    found = check(Webhook(url=Secret.of_text("http://169.254.169.254/latest"), secret=KEY))

    assert found.health == "trouble"
    assert "hands out credentials" in found.text


def test_what_has_no_address_has_nothing_to_connect_to() -> None:
    assert check(Log()).health == "ok"


def test_a_secret_that_signs_nothing_is_trouble_and_not_repeated() -> None:
    @dataclass(frozen=True)
    class Strange:
        url: Secret
        secret: Secret

    found = check(Strange(url=Secret.of_text("http://127.0.0.1:9"), secret=Secret.of_text("hunter2")))

    assert found.health == "trouble"
    assert "hunter2" not in found.text


def test_a_source_is_asked_for_a_few_rows(tmp_path: Path) -> None:
    gone = FilesSource(path=str(tmp_path / "gone.csv"))
    monitors = [make_monitor(make_source()), replace(make_monitor(make_source()), id="other", source=gone)]

    found = check_sources(monitors)

    assert [(one.name, one.health.value) for one in found] == [
        ("source of flights", "ok"),
        ("source of other", "trouble"),
    ]
    assert "gone.csv" in found[1].text
