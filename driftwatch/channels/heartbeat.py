"""Tell a watcher that we live, on the way that notices take: when it hears nothing, it gives alarm.

It is no entry of the catalogue, for nobody reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from driftwatch.channels.contract import Message, Outcome, build_outcome
from driftwatch.net.answers import RECEIVER_DEADLINE, ask
from driftwatch.net.http import HttpRequest, check_url
from driftwatch.net.secrets import Secret

__all__ = ["HEARTBEAT", "Heartbeat"]

HEARTBEAT: Final = "driftwatch:heartbeat"
"""The name of its channel: no channel of a configuration can have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Ask for an address once, which is all that the watchers of the field want.

    Raises ValueError when the address cannot be used.
    """

    url: Secret
    every: timedelta = timedelta(minutes=5)
    timeout: timedelta = RECEIVER_DEADLINE
    fallback: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_url(self.url.reveal())

    def send(self, message: Message, now: datetime) -> Outcome:  # noqa: ARG002 - there is nothing to say.
        """Ask for the address once; any 2xx means that the watcher has heard."""

        def build() -> HttpRequest:
            return HttpRequest(method="GET", url=self.url.reveal(), deadline=self.timeout)

        return build_outcome(ask(build, (self.url,), now))
