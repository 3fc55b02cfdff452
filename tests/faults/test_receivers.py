"""Eighteen ways in which a receiver may behave badly, against the channels and the outbox as they are.

What tests/net and tests/channels show of single answers is not shown again: here a notice goes the whole way,
twice, and what counts is how long it held a sender up, how much memory it took, what became of the delivery,
and that the second attempt carries the same id.
"""

from __future__ import annotations

import gc
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import pytest

from driftwatch.channels import Channel, Slack, Webhook
from driftwatch.jobs.deliver import deliver_one
from driftwatch.jobs.retelling import retell_due
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import generate_secret
from driftwatch.store.database import Database
from driftwatch.store.outbox import DeliveryRow
from tests.support.receiver import (
    Behaviour,
    Connection,
    Receiver,
    answer,
    answer_in_turn,
    answer_junk,
    close_after_reading,
    drip_body,
    drip_headers,
    lie_about_chunks,
    lie_about_length,
    make_certificate,
    never_read,
    reset_after_reading,
    send_gzip,
    send_large_body,
)
from tests.support.told_world import World

pytestmark = pytest.mark.slow

DEADLINE = timedelta(seconds=1)
GRACE = timedelta(seconds=1)
"""How much longer than its deadline an attempt may take."""
MOST_MEGABYTES = 5.0
METADATA = "http://169.254.169.254/latest/meta-data/"

Kind = Literal["webhook", "slack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A behaviour, and what becomes of a notice to a webhook and to Slack after one attempt."""

    behaviour: Behaviour
    webhook: str
    slack: str


def answer_then_reset(connection: Connection) -> None:
    """Answer 200, and reset the connection at once."""
    answer(200, {"Content-Length": "2"}, b"ok")(connection)
    reset_after_reading_nothing(connection)


def reset_after_reading_nothing(connection: Connection) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.socket.close()


@cache
def build_bomb() -> Behaviour:
    return send_gzip(200_000_000)


def send_bomb(connection: Connection) -> None:
    """Answer with 200 MB of nothing in 194 kB."""
    build_bomb()(connection)


def fail(behaviour: Behaviour) -> Case:
    return Case(behaviour=behaviour, webhook="pending", slack="pending")


def say(status: int, **headers: str) -> Behaviour:
    return answer(status, {name.replace("_", "-"): value for name, value in headers.items()})


CASES = {
    "accepts and reads nothing": fail(never_read),
    "500": fail(say(500)),
    "502": fail(say(502)),
    "503": fail(say(503)),
    "504": fail(say(504)),
    "408": fail(say(408)),
    "429 and seconds": fail(say(429, Retry_After="7")),
    "429 and a date": fail(say(429, Retry_After="Sun, 03 Feb 2013 12:00:30 GMT")),
    "429 and a negative number": fail(say(429, Retry_After="-5")),
    "429 and a billion seconds": fail(say(429, Retry_After="1000000000")),
    "429 and garbage": fail(say(429, Retry_After="soon")),
    "redirects to itself": Case(behaviour=say(307, Location="/"), webhook="dead", slack="dead"),
    "redirects on": Case(behaviour=say(302, Location="/next"), webhook="dead", slack="dead"),
    "redirects to the metadata": Case(behaviour=say(308, Location=METADATA), webhook="dead", slack="dead"),
    "drips headers": fail(drip_headers),
    "drips the body": Case(
        behaviour=drip_body({"Content-Length": "100000"}), webhook="delivered", slack="pending"
    ),
    "closes in the body": Case(behaviour=lie_about_length, webhook="delivered", slack="pending"),
    "lies about chunks": Case(behaviour=lie_about_chunks, webhook="delivered", slack="pending"),
    "sends 10 GB": Case(behaviour=send_large_body(10 * 2**30), webhook="delivered", slack="pending"),
    "sends a gzip bomb": Case(behaviour=send_bomb, webhook="delivered", slack="pending"),
    "is not HTTP": fail(answer_junk),
    "closes without an answer": fail(close_after_reading),
    "resets a connection that is kept": fail(reset_after_reading),
    "answers and resets": Case(behaviour=answer_then_reset, webhook="delivered", slack="delivered"),
}


def build_channel(kind: Kind, url: str) -> Channel:
    address = Secret.of_text(url)
    if kind == "slack":
        return Slack(url=address, timeout=DEADLINE)
    return Webhook(url=address, secret=Secret.of_text(generate_secret()), timeout=DEADLINE)


def open_world(store: Database, channel: Channel) -> World:
    """Return a world with an incident that waits to be told through `channel`."""
    world = World(store)
    world.use(channel)
    world.take(["open"])
    return world


def deliver_timed(world: World) -> tuple[DeliveryRow, float]:
    """Make one attempt; return the first delivery as it stands then, and the seconds it took."""
    before = time.monotonic()
    assert deliver_one(world.parts)
    return world.rows()[0], time.monotonic() - before


def forget_peak() -> None:
    """Let the most memory that this process had be counted from now on."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")


def read_peak() -> float:
    """Return the most memory that this process had since `forget_peak`, in megabytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def good(kind: Kind) -> Behaviour:
    return answer(200, {}, b"ok") if kind == "slack" else answer(204)


@pytest.mark.parametrize("kind", ["webhook", "slack"])
@pytest.mark.parametrize("name", CASES)
def test_a_bad_receiver_holds_nobody_up_and_gets_the_same_notice_again(
    name: str, kind: Kind, store: Database
) -> None:
    case = CASES[name]
    with Receiver(answer_in_turn([case.behaviour, good(kind)])) as receiver:
        world = open_world(store, build_channel(kind, f"{receiver.url}/x"))

        row, seconds = deliver_timed(world)
        world.clock.advance(timedelta(hours=2))
        again = deliver_one(world.parts)
        requests = list(receiver.requests)

    assert seconds <= (DEADLINE + GRACE).total_seconds()
    assert row.state == (case.webhook if kind == "webhook" else case.slack)
    assert (row.last_error is None) == (row.state == "delivered")
    assert again == (row.state == "pending")
    final = world.rows()[0]
    assert final.id == row.id
    assert final.state == ("delivered" if again else row.state)
    if kind == "webhook":
        assert {request.headers["webhook-id"] for request in requests} <= {row.id}


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="counts memory as Linux does")
@pytest.mark.parametrize("name", ["sends 10 GB", "sends a gzip bomb", "drips the body", "drips headers"])
def test_what_a_receiver_sends_is_not_kept(name: str, store: Database) -> None:
    with Receiver(CASES[name].behaviour) as receiver:
        world = open_world(store, build_channel("webhook", receiver.url))
        # What is loaded at the first attempt is no growth.
        deliver_one(world.parts)
        world = World(store, name="other")
        world.use(build_channel("webhook", receiver.url))
        world.take(["open"])
        forget_peak()
        before = read_peak()

        deliver_timed(world)

        assert read_peak() - before <= MOST_MEGABYTES


def test_a_receiver_that_is_not_there_is_tried_again(store: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    world = open_world(store, build_channel("webhook", f"http://127.0.0.1:{port}"))

    row, seconds = deliver_timed(world)

    assert seconds < 1
    assert (row.state, row.last_error) == ("pending", "connect: connection refused")


def test_a_name_that_leads_nowhere_is_tried_again(store: Database) -> None:
    world = open_world(store, build_channel("webhook", "http://receiver.invalid/x"))

    row, seconds = deliver_timed(world)

    assert seconds <= (DEADLINE + GRACE).total_seconds()
    assert row.state == "pending"
    assert row.last_error is not None
    assert row.last_error.startswith(("connect: ", "timeout: "))


@contextmanager
def swallow_connections() -> Iterator[int]:
    """Yield a port that answers no attempt to connect: its queue of connections is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        yield port


def test_a_receiver_that_swallows_packets_is_given_up_at_the_deadline(store: Database) -> None:
    with swallow_connections() as port:
        world = open_world(store, build_channel("webhook", f"http://127.0.0.1:{port}"))

        row, seconds = deliver_timed(world)

    assert seconds <= (DEADLINE + GRACE).total_seconds()
    assert (row.state, row.last_error) == ("pending", "timeout: no complete answer within 1 s")


@pytest.mark.parametrize(("name", "days"), [("IP:127.0.0.1", 2), ("DNS:other.example", 2)])
def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(
    name: str, days: int, tmp_path: Path, store: Database
) -> None:
    certificate, key = make_certificate(tmp_path, name=name, days=days)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with Receiver(answer(204), tls=tls) as receiver:
        world = open_world(store, build_channel("webhook", receiver.url))

        row, seconds = deliver_timed(world)
        requests = list(receiver.requests)

    assert seconds <= (DEADLINE + GRACE).total_seconds()
    assert requests == []
    assert row.state == "pending"
    assert row.last_error is not None
    assert row.last_error.startswith("tls: ")


@pytest.mark.parametrize("behaviour", [drip_headers, never_read, answer_junk])
def test_the_end_of_an_incident_waits_for_its_beginning_however_bad_the_receiver(
    behaviour: Behaviour, store: Database
) -> None:
    with Receiver(answer_in_turn([behaviour, behaviour, good("webhook")])) as receiver:
        world = open_world(store, build_channel("webhook", receiver.url))
        deliver_one(world.parts)
        world.take(["resolve"])
        for _ in range(4):
            world.clock.advance(timedelta(hours=2))
            retell_due(world.parts, [])
            deliver_one(world.parts)
        bodies = [request.body for request in receiver.requests]

    rows = world.rows()
    assert [(row.type, row.state.value) for row in rows] == [
        ("incident.opened", "delivered"),
        ("incident.resolved", "delivered"),
    ]
    kinds = [b'"type":"incident.opened"' in body for body in bodies]
    assert kinds == sorted(kinds, reverse=True)
    assert kinds[-1] is False
