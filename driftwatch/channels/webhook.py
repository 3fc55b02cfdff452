"""Tell a program: JSON posted and signed as Standard Webhooks 1.0 says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from driftwatch.channels.contract import Message, Outcome, build_outcome
from driftwatch.net.answers import RECEIVER_DEADLINE, ask, check_timeout
from driftwatch.net.http import HttpRequest, check_url
from driftwatch.net.posts import build_post, sign_post
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import parse_secret

__all__ = ["Webhook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Post each notice as JSON, with the three Standard Webhooks headers.

    Raises ValueError when the address, the secret or the timeout cannot be used.
    """

    per_second: ClassVar[float] = 20.0

    url: Secret = field(metadata={"text": "the address that notices are posted to"})
    secret: Secret = field(
        metadata={"text": "what notices are signed with: whsec_ and base64 of 24 to 64 bytes"}
    )
    timeout: timedelta = field(
        default=RECEIVER_DEADLINE, metadata={"text": "how long one attempt may take in all"}
    )
    fallback: str | None = field(default=None, metadata={"text": "the channel told when this one is dead"})

    def __post_init__(self) -> None:
        check_url(self.url.reveal())
        check_timeout(self.timeout)
        parse_secret(self.secret.reveal())

    def send(self, message: Message, now: datetime) -> Outcome:
        """Post the notice once; any 2xx means that it is delivered."""

        def build() -> HttpRequest:
            post = build_post(self.url, message.payload, self.timeout)
            return sign_post(post, self.secret, message.id, now)

        return build_outcome(ask(build, (self.url, self.secret), now, signed=True))
