from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch.errors import ConfigError, DataError, SourceError
from driftwatch.net.secrets import Secret
from driftwatch.sources.http import HttpAuth, HttpSource
from driftwatch.sources.http_pages import find_next_page
from tests.support.receiver import (
    Behaviour,
    Connection,
    Received,
    answer,
    answer_in_turn,
    answer_junk,
    close_after_reading,
    drip_body,
    lie_about_length,
    never_answer,
    serve,
)
from tests.support.windows import ask, collect, make_windows

DAY = make_windows(1)
TIMES = ("2013-01-01T05:00:00Z", "2012-12-31T23:59:59Z", "2013-01-02T00:00:00Z")
LINES = "".join(f'{{"t":"{time}","x":{n}}}\n' for n, time in enumerate(TIMES, 1)).encode()
PARAMS = {"from": "{window_start}", "to": "{window_end}", "page": "1"}


def reply(build: Callable[[Received], tuple[int, Mapping[str, str], bytes]]) -> Behaviour:
    """Answer each request with what `build` makes of it."""

    def behave(connection: Connection) -> None:
        received = connection.read()
        status, headers, body = build(received)
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}", *lines]
        connection.write("\r\n".join([*head, "", ""]).encode() + body)

    return behave


def write_parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"t": ["2013-01-01T05:00:00Z"], "x": [1]}), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("body", "headers", "setting"),
    [
        (LINES, {}, "jsonl"),
        (LINES, {"Content-Type": "application/x-ndjson; charset=utf-8"}, "auto"),
        (LINES, {}, "auto"),
        (gzip.compress(LINES, mtime=0), {}, "auto"),
        (b"t,x\n2013-01-01T05:00:00Z,1\n", {"Content-Type": "text/csv"}, "auto"),
        (write_parquet(), {"Content-Type": "application/octet-stream"}, "auto"),
    ],
    ids=["jsonl", "content type", "first bytes", "gzip", "csv", "parquet"],
)
def test_rows_of_the_window_are_read_in_every_format(
    body: bytes, headers: dict[str, str], setting: Any
) -> None:
    with serve(answer(200, headers, body)) as receiver:
        source = HttpSource(url=receiver.url, params=PARAMS, format=setting)

        found = collect(source.read(ask(DAY, "t")))

    assert [int(row["x"]) for row in found[DAY[0]]] == [1]


def test_each_window_is_asked_for_with_its_times() -> None:
    with serve(answer(200, {}, b"")) as receiver:
        source = HttpSource(url=receiver.url + "?a={window_start}", params=PARAMS, format="jsonl")

        found = list(source.read(ask(make_windows(2), "t")))

    assert [rows.num_rows for _, rows in found] == [0, 0]
    asked = [parse_qs(urlsplit(request.path).query) for request in receiver.requests]
    assert asked == [
        {
            "a": [f"2013-01-0{d}T00:00:00Z"],
            "from": [f"2013-01-0{d}T00:00:00Z"],
            "to": [f"2013-01-0{d + 1}T00:00:00Z"],
            "page": ["1"],
        }
        for d in (1, 2)
    ]


def test_without_a_time_column_all_rows_are_those_of_the_window() -> None:
    with serve(answer(200, {}, LINES)) as receiver:
        filled = HttpSource(url=receiver.url, params=PARAMS, format="jsonl")
        alike = HttpSource(url=receiver.url, format="jsonl")

        assert [rows.num_rows for _, rows in filled.read(ask(make_windows(2)))] == [3, 3]
        with pytest.raises(
            DataError, match=r"every window would be given the same rows: use \{window_start\}"
        ):
            list(alike.read(ask(make_windows(2))))


def test_no_content_is_no_rows() -> None:
    with serve(answer(204)) as receiver:
        assert collect(HttpSource(url=receiver.url).read(ask(DAY, "t"))) == {DAY[0]: []}


def test_pages_are_followed_on_the_same_server() -> None:
    def build(received: Received) -> tuple[int, Mapping[str, str], bytes]:
        page = int(parse_qs(urlsplit(received.path).query)["page"][0])
        link = (
            {"Link": f'</rows?page={page + 1}>; rel="next", </rows?page=1>; rel="first"'} if page < 3 else {}
        )
        return 200, link, f'{{"t":"2013-01-01","x":{page}}}\n'.encode()

    with serve(reply(build)) as receiver:
        source = HttpSource(
            url=receiver.url, params=PARAMS, format="jsonl", auth=HttpAuth(bearer=Secret.of_text("tok"))
        )
        found = collect(source.read(ask(DAY, "t")))

    assert [row["x"] for row in found[DAY[0]]] == [1, 2, 3]
    assert [request.headers["authorization"] for request in receiver.requests] == ["Bearer tok"] * 3


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:1/rows", "http://localhost:{port}/", "//evil.example/", "https://127.0.0.1:{port}/"],
)
def test_a_next_page_on_another_server_is_refused(target: str) -> None:
    def build(_received: Received) -> tuple[int, Mapping[str, str], bytes]:
        port = urlsplit(receiver.url).port
        return 200, {"Link": f"<{target.format(port=port)}>; rel=next"}, b"{}\n"

    with serve(reply(build)) as receiver:
        source = HttpSource(url=receiver.url, format="jsonl")
        with pytest.raises(SourceError, match="pages must stay on one server"):
            list(source.read(ask(DAY)))

    assert len(receiver.requests) == 1


def test_pages_that_go_in_a_circle_end() -> None:
    with serve(answer(200, {"Link": '<?>; rel="next"'}, b"{}\n")) as receiver:
        source = HttpSource(url=receiver.url, format="jsonl")
        with pytest.raises(SourceError, match="that was read before"):
            list(source.read(ask(DAY)))


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ("", None),
        ('<https://a.example/2>; rel="next"', "https://a.example/2"),
        ('<https://a.example/0>; rel="prev", <b?x=1,2>; title="a, b"; rel=next', "https://a.example/b?x=1,2"),
        ('<https://A.example:443/2>; rel="last Next"', "https://A.example:443/2"),
        ('<https://a.example/2>; rel="prev"; title="rel=next"', None),
        ("nonsense", None),
    ],
)
def test_link_headers_are_read(link: str, following: str | None) -> None:
    assert find_next_page("https://a.example/1", link) == following


@pytest.mark.parametrize(
    ("status", "advice", "again"),
    [
        (404, "check the path", False),
        (401, "check source.auth", False),
        (403, "check source.auth", False),
        (400, "check source.url", False),
        (302, "redirects are not followed", False),
        (429, "tried again", True),
        (408, "tried again", True),
        (503, "tried again", True),
    ],
)
def test_another_status_is_an_error_that_says_what_to_do(status: int, advice: str, again: bool) -> None:
    with serve(answer(status, {"Location": "/elsewhere"}, b"no")) as receiver:
        source = HttpSource(url=receiver.url + "/canary?canary=canary", format="jsonl")
        with pytest.raises(SourceError, match=f"answered with status {status}; .*{advice}") as caught:
            list(source.read(ask(DAY)))

    assert caught.value.again is again
    assert str(caught.value).startswith(
        "monitor 'm', window 2013-01-01T00:00:00Z/2013-01-02T00:00:00Z: http://127."
    )
    assert "canary" not in str(caught.value)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (never_answer, "within 0.3 s; raise source.deadline"),
        (drip_body({}), "within 0.3 s; raise source.deadline"),
        (close_after_reading, "closed without an answer"),
        (answer_junk, "not HTTP"),
        (lie_about_length, "ends early"),
    ],
)
def test_a_server_that_fails_is_an_error_that_may_pass(behaviour: Behaviour, words: str) -> None:
    with serve(behaviour) as receiver:
        source = HttpSource(url=receiver.url, format="jsonl", deadline=timedelta(seconds=0.3))
        with pytest.raises(SourceError, match=words) as caught:
            list(source.read(ask(DAY)))

    assert caught.value.again


def test_the_deadline_and_the_size_hold_for_all_pages_together() -> None:
    count = 0

    def build(_received: Received) -> tuple[int, Mapping[str, str], bytes]:
        nonlocal count
        count += 1
        return 200, {"Link": f"</?page={count}>; rel=next"}, b'{"x":1}\n' * 100

    with serve(reply(build)) as receiver:
        small = HttpSource(url=receiver.url, format="jsonl", at_most_bytes=2000)
        with pytest.raises(
            SourceError, match=r"larger than 2000 bytes; raise source\.at_most_bytes"
        ) as caught:
            list(small.read(ask(DAY)))
        assert (count, caught.value.again) == (3, False)
        short = HttpSource(url=receiver.url, format="jsonl", deadline=timedelta(seconds=0.3))
        with pytest.raises(SourceError, match=r"within 0\.3 s"):
            list(short.read(ask(DAY)))


@pytest.mark.parametrize(
    ("body", "setting", "words"),
    [
        (b'{"t":', "jsonl", "the answer of http://127.0.0.1:.*, line 1: this is no JSON object"),
        (b"<html>", "jsonl", "the answer of http://127.0.0.1:.*, line 1: this is no JSON object"),
        (b"t,x\n1\n", "csv", "the answer of http://127.0.0.1:.*, line 2: 1 fields"),
        (b"t,x\n", "parquet", "the answer of http://127.0.0.1:.* is not Parquet"),
        (b"x\n1\n", "csv", "the answer of http://127.0.0.1:.*: the time column 't' is not there"),
    ],
)
def test_a_body_that_cannot_be_read_names_server_and_place(body: bytes, setting: Any, words: str) -> None:
    with serve(answer(200, {}, body)) as receiver:
        source = HttpSource(url=receiver.url, format=setting)
        with pytest.raises((SourceError, DataError), match=words) as caught:
            list(source.read(ask(DAY, "t")))

    assert "/tmp" not in str(caught.value)  # noqa: S108 - the place where pages are kept must not be told
    assert "monitor 'm', window 2013-01-01" in str(caught.value)


def test_a_rotated_token_is_read_again_after_a_refusal(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    secret = Secret.of_file(token)
    assert secret.reveal() == "old"
    stamp = token.stat()

    def build(received: Received) -> tuple[int, Mapping[str, str], bytes]:
        if received.headers["x-api-key"] == "new":
            return 200, {}, b'{"x":1}\n'
        token.write_text("new")
        # A file system that keeps the time of a changed file.
        os.utime(token, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        return 401, {}, b""

    with serve(reply(build)) as receiver:
        source = HttpSource(url=receiver.url, format="jsonl", auth=HttpAuth(header="X-Api-Key", value=secret))

        assert [rows.num_rows for _, rows in source.read(ask(DAY))] == [1]

    assert len(receiver.requests) == 2


def test_secrets_are_in_no_repr() -> None:
    auth = HttpAuth(bearer=Secret.of_text("canary"))
    source = HttpSource(url="https://u:canary@a.example/canary", params={"key": "canary"}, auth=auth)

    assert "canary" not in repr(source)


def test_a_look_asks_for_yesterday() -> None:
    with serve(answer_in_turn([answer(200, {}, LINES)])) as receiver:
        rows = (
            HttpSource(url=receiver.url, params=PARAMS, format="jsonl").look(ask((), "t").options, "m").rows
        )

    assert rows.num_rows == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "ftp://a.example/x"}, "no request can be built"),
        ({"url": "a.example"}, "no request can be built"),
        ({"url": "http://a.example", "deadline": timedelta(0)}, "deadline must be longer"),
        ({"url": "http://a.example", "at_most_bytes": 0}, "at_most_bytes must be at least 1"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=words):
        HttpSource(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"bearer": Secret.of_text("a"), "header": "X", "value": Secret.of_text("b")},
        {"header": "X"},
        {"value": Secret.of_text("a")},
    ],
)
def test_authentication_is_one_thing_and_whole(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"give one of them|give both"):
        HttpAuth(**settings)
