"""What a channel is given, what it answers, and what it must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from driftwatch.net.answers import Answer

__all__ = ["Channel", "Message", "Outcome", "Picture", "PictureChannel", "build_outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice on its way to one channel.

    `id` is the same over all attempts, so that a receiver can drop what comes twice. `timestamp` is the aware
    time of what is told. `facts` are labels and values in the order to show them, `payload` is the body of a
    webhook. `attempt` counts from 1.
    """

    id: str
    type: str
    timestamp: datetime
    severity: str
    title: str
    text: str
    facts: tuple[tuple[str, str], ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one attempt.

    `again` says whether a later attempt may succeed, not before `retry_after`. `error` is a kind and a few
    words, without any secret; None when delivered. `unsure`: it may have arrived although no answer did.
    """

    delivered: bool
    again: bool = False
    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    unsure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture to a notice, as PNG; `words` say what it shows."""

    name: str
    words: str
    content: bytes = field(repr=False)


class Channel(Protocol):
    """A way to tell people. Its fields are its settings.

    One that takes only so much says how many notices a second as `per_second`, an attribute of the class.
    """

    @property
    def fallback(self) -> str | None:
        """Return the name of the channel that is told when this one is dead."""

    def send(self, message: Message, now: datetime) -> Outcome:
        """Try once to deliver; never raises for what the destination does. `now` is the real, aware time."""


@runtime_checkable
class PictureChannel(Channel, Protocol):
    """A channel that can show pictures, beside its notices and after them."""

    @property
    def takes_pictures(self) -> bool:
        """Return whether its settings let it."""

    def send_picture(self, picture: Picture, now: datetime) -> str | None:
        """Try once to show a picture; return why it could not be, without any secret, None where it was."""


def build_outcome(answer: Answer) -> Outcome:
    """Return what the answer of a receiver means for the delivery."""
    return Outcome(
        delivered=answer.accepted,
        again=answer.again,
        status=answer.status,
        error=answer.error,
        retry_after=answer.retry_after,
        unsure=answer.unsure,
    )
