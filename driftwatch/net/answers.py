"""What the answer of a receiver means: told, to be tried again, or never to be tried again.

Channels and triggers share this table; what is particular to one of them stays with it.

| answer | meaning |
|---|---|
| 2xx | accepted |
| 408, 425, 429, 5xx, no answer in time, no connection | again later |
| 401, 403 | dead, unless a secret's file holds another text by now: then again |
| 3xx | dead: redirects are not followed |
| every other | dead |

A refusal by somebody whose clock differs from ours by more than a minute says nothing about us: a signature
or a token is refused for its time then, and it is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from driftwatch.errors import ConfigError
from driftwatch.net.http import (
    HttpError,
    HttpRequest,
    HttpResponse,
    measure_skew,
    parse_retry_after,
    send,
)
from driftwatch.net.secrets import Secret

__all__ = [
    "AT_MOST_ERROR_CHARACTERS",
    "AT_MOST_TIMEOUT",
    "RECEIVER_DEADLINE",
    "Answer",
    "ask",
    "check_timeout",
    "read_answer",
]

# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#reliability-and-performance
RECEIVER_DEADLINE: Final = timedelta(seconds=15)
# An attempt must end well before its claim in the outbox does, or another process makes it too.
AT_MOST_TIMEOUT: Final = timedelta(seconds=60)
# What the record of an attempt holds.
AT_MOST_ERROR_CHARACTERS: Final = 255

_AGAIN: Final = frozenset({408, 425, 429})
_REFUSED: Final = frozenset({401, 403})
_GONE: Final = 410
# A proxy answers these where it cannot say what became of the request behind it.
_UNSURE: Final = frozenset({502, 504})
_CLOCKS_AGREE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking a receiver once.

    `again` says whether the same request should be sent later, not before `retry_after`. `error` is None when
    accepted, else a few words without any secret. `body` is what was read of the answer, all of it when
    `complete`. `unsure`: the request may have been accepted although no answer says so.
    """

    accepted: bool
    again: bool = False
    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    body: bytes = field(default=b"", repr=False)
    complete: bool = False
    unsure: bool = False


def ask(
    build: Callable[[], HttpRequest], secrets: Sequence[Secret], now: datetime, *, signed: bool = False
) -> Answer:
    """Build a request, send it once, and say what the answer means; never raises for what a receiver does.

    `secrets` are those that the request is built from: after a 401 or 403 their files are read again. `now`
    is the aware time of this attempt. `signed`: the request carries its time, so that any refusal may come
    from clocks that differ.
    """
    try:
        request = build()
    except ConfigError as error:
        return Answer(accepted=False, again=True, error=f"secret: {error}"[:AT_MOST_ERROR_CHARACTERS])
    except ValueError as error:
        # The message may quote what is to be sent, which has no place in a record of attempts.
        words = f"request: what is to be sent cannot be written ({type(error).__name__})"
        return Answer(accepted=False, error=words)
    try:
        response = send(request)
    except HttpError as error:
        words = f"{error.kind}: {error.detail}"[:AT_MOST_ERROR_CHARACTERS]
        return Answer(accepted=False, again=error.again, error=words, unsure=error.sent)
    answer = read_answer(response, now)
    if answer.status not in _REFUSED and not (signed and _is_refusal(answer)):
        return answer
    changed = [secret.refresh() for secret in secrets] if answer.status in _REFUSED else []
    skew = measure_skew(response.headers, now)
    if skew is not None and abs(skew) > _CLOCKS_AGREE:
        return replace(answer, again=True, error=_explain_skew(skew, response.status))
    return replace(answer, again=any(changed))


def check_timeout(timeout: timedelta) -> None:
    """Raise ValueError unless an attempt may take `timeout`: more than nothing, at most `AT_MOST_TIMEOUT`."""
    if not timedelta(0) < timeout <= AT_MOST_TIMEOUT:
        found, most = timeout.total_seconds(), AT_MOST_TIMEOUT.total_seconds()
        raise ValueError(
            f"a timeout of {found:g} s cannot be used; wanted is more than 0 s, at most {most:g} s"
        )


def read_answer(response: HttpResponse, now: datetime) -> Answer:
    """Return what a response means by the table above."""
    status = response.status
    accepted = 200 <= status < 300
    again = status in _AGAIN or 500 <= status < 600
    return Answer(
        accepted=accepted,
        again=again,
        status=status,
        error=None if accepted else f"http_{status}: {_explain_status(status)}",
        retry_after=parse_retry_after(response.headers.get("retry-after"), now) if again else None,
        body=response.body,
        complete=response.complete,
        unsure=status in _UNSURE,
    )


def _is_refusal(answer: Answer) -> bool:
    return answer.status is not None and 400 <= answer.status < 500 and not answer.again


def _explain_skew(skew: timedelta, status: int) -> str:
    seconds = abs(skew) // timedelta(seconds=1)
    which = "behind" if skew > timedelta(0) else "ahead of"
    return (
        f"clock: http {status}, and our clock is {seconds} s {which} the receiver's; set the clock of this "
        "machine, or of the receiver, by NTP"
    )


def _explain_status(status: int) -> str:
    if 300 <= status < 400:
        return "redirects are not followed; write the final address into the config"
    if status in _REFUSED:
        return "the receiver does not accept our credentials"
    if status == _GONE:
        return "the receiver wants nothing more"
    if status == 429:
        return "the receiver asks us to slow down"
    if status in _AGAIN or status >= 500:
        return "the receiver cannot answer now"
    return "the receiver does not accept the request"
