from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from driftwatch.net.answers import AT_MOST_ERROR_CHARACTERS, Answer, ask, check_timeout, read_answer
from driftwatch.net.http import HttpRequest, HttpResponse
from driftwatch.net.secrets import Secret
from tests.support.receiver import answer, close_after_reading, never_answer, serve

NOW = datetime(2013, 2, 8, tzinfo=UTC)


def read_status(status: int, headers: dict[str, str] | None = None) -> Answer:
    return read_answer(HttpResponse(status=status, headers=headers or {}, body=b"", complete=True), NOW)


def build_request(url: str, seconds: float = 20) -> HttpRequest:
    return HttpRequest(method="POST", url=url, body=b"{}", deadline=timedelta(seconds=seconds))


def test_every_status_has_its_meaning() -> None:
    found = [read_status(status) for status in range(100, 600)]

    assert [answer.status for answer in found] == list(range(100, 600))
    assert {a.status for a in found if a.accepted} == set(range(200, 300))
    assert {a.status for a in found if a.again} == {408, 425, 429, *range(500, 600)}
    assert {a.status for a in found if a.error is None} == set(range(200, 300))
    assert all(a.error is None or a.error.startswith(f"http_{a.status}: ") for a in found)


@pytest.mark.parametrize(("status", "wait"), [(429, 7), (503, 7), (400, None), (200, None)])
def test_retry_after_is_read_where_trying_again_makes_sense(status: int, wait: int | None) -> None:
    found = read_status(status, {"retry-after": "7"})

    assert found.retry_after == (None if wait is None else timedelta(seconds=wait))


def test_no_answer_is_asked_for_again() -> None:
    with serve(never_answer) as silent, serve(close_after_reading) as closing:
        late = ask(lambda: build_request(silent.url, 0.2), [], NOW)
        closed = ask(lambda: build_request(closing.url), [], NOW)

    assert (late.accepted, late.again, late.status) == (False, True, None)
    assert late.error == "timeout: no complete answer within 0.2 s"
    assert closed.again
    assert closed.error == "connect: the connection was closed without an answer"


def test_a_refused_address_is_not_asked_again() -> None:
    found = ask(lambda: build_request("http://169.254.169.254/"), [], NOW)

    assert not found.again
    assert found.error is not None
    assert found.error.startswith("refused_address: ")


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_dead_unless_their_file_has_changed(tmp_path: Path, status: int) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    os.utime(path, ns=(1, 1))
    secret = Secret.of_file(path)
    secret.reveal()

    with serve(answer(status)) as receiver:
        unchanged = ask(lambda: build_request(receiver.url), [secret], NOW)
        path.write_text("new")
        os.utime(path, ns=(1, 1))
        changed = ask(lambda: build_request(receiver.url), [Secret.of_text("a"), secret], NOW)

    assert (unchanged.again, changed.again) == (False, True)
    assert unchanged.status == changed.status == status
    assert secret.reveal() == "new"


def test_a_secret_that_cannot_be_had_is_tried_again_later(tmp_path: Path) -> None:
    secret = Secret.of_file(tmp_path / "missing")

    found = ask(lambda: build_request(secret.reveal()), [secret], NOW)

    assert (found.accepted, found.again, found.status) == (False, True, None)
    assert found.error is not None
    assert str(tmp_path / "missing") in found.error


def test_a_request_that_cannot_be_built_is_dead_and_not_repeated_in_words() -> None:
    def build() -> HttpRequest:
        raise ValueError("canary")

    found = ask(build, [], NOW)

    assert (found.accepted, found.again) == (False, False)
    assert found.error is not None
    assert "canary" not in found.error


def test_no_error_is_longer_than_the_record_of_an_attempt(tmp_path: Path) -> None:
    secret = Secret.of_file(tmp_path / ("x" * 200) / ("y" * 200))

    found = ask(lambda: build_request(secret.reveal()), [secret], NOW)

    assert found.error is not None
    assert len(found.error) == AT_MOST_ERROR_CHARACTERS


@pytest.mark.parametrize("seconds", [0.001, 15, 60])
def test_a_timeout_of_up_to_a_minute_is_accepted(seconds: float) -> None:
    check_timeout(timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [0, -1, 60.001])
def test_a_timeout_that_outlives_its_claim_or_leaves_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="at most 60 s"):
        check_timeout(timedelta(seconds=seconds))


def build_date(ahead: timedelta) -> dict[str, str]:
    return {"Date": format_datetime(NOW + ahead, usegmt=True)}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("ahead", "which"), [(timedelta(seconds=300), "behind"), (-timedelta(seconds=61), "ahead of")]
)
def test_a_refusal_by_somebody_with_another_time_is_a_clock_error(
    status: int, ahead: timedelta, which: str
) -> None:
    with serve(answer(status, build_date(ahead))) as receiver:
        found = ask(lambda: build_request(receiver.url), [], NOW)

    assert (found.accepted, found.again, found.status) == (False, True, status)
    assert found.error is not None
    seconds = abs(ahead) // timedelta(seconds=1)
    assert found.error.startswith(
        f"clock: http {status}, and our clock is {seconds} s {which} the receiver's"
    )


@pytest.mark.parametrize("headers", [{}, build_date(timedelta(seconds=60)), {"Date": "yesterday"}])
def test_a_refusal_by_somebody_with_our_time_or_none_is_a_refusal(headers: dict[str, str]) -> None:
    with serve(answer(401, headers)) as receiver:
        found = ask(lambda: build_request(receiver.url), [], NOW)

    assert not found.again
    assert found.error == "http_401: the receiver does not accept our credentials"


@pytest.mark.parametrize(("signed", "again"), [(True, True), (False, False)])
@pytest.mark.parametrize("status", [400, 404, 422])
def test_any_refusal_of_what_carries_its_time_may_be_a_clock_error(
    status: int, signed: bool, again: bool
) -> None:
    with serve(answer(status, build_date(timedelta(hours=1)))) as receiver:
        found = ask(lambda: build_request(receiver.url), [], NOW, signed=signed)

    assert found.again is again
    assert found.error is not None
    assert found.error.startswith("clock: ") is again


def test_what_was_sent_without_an_answer_may_have_arrived() -> None:
    with serve(never_answer) as silent, serve(close_after_reading) as closing, serve(answer(503)) as busy:
        late = ask(lambda: build_request(silent.url, 0.2), [], NOW)
        closed = ask(lambda: build_request(closing.url), [], NOW)
        refused = ask(lambda: build_request(busy.url), [], NOW)
    absent = ask(lambda: build_request(silent.url), [], NOW)

    assert (late.unsure, closed.unsure) == (True, True)
    assert (refused.unsure, absent.unsure) == (False, False)
    assert read_status(504).unsure
    assert read_status(502).unsure
