"""Start retraining by plain HTTP: JSON posted with a key, signed where there is a secret."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from driftwatch.net.answers import RECEIVER_DEADLINE, Answer, ask, check_timeout
from driftwatch.net.http import HttpRequest, check_url
from driftwatch.net.posts import build_post, sign_post
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import ID_HEADER, parse_secret
from driftwatch.triggers.contract import Started, TriggerCall

__all__ = ["Http"]

_KEY_HEADER: Final = "Idempotency-Key"
_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Post a retraining request as JSON; its key is in `Idempotency-Key` and `webhook-id`.

    Raises ValueError when the address, the secret or the timeout cannot be used.
    """

    url: Secret = field(metadata={"text": "the address that requests are posted to"})
    secret: Secret | None = field(
        default=None,
        metadata={"text": "what requests are signed with: whsec_ and base64 of 24 to 64 bytes"},
    )
    timeout: timedelta = field(
        default=RECEIVER_DEADLINE, metadata={"text": "how long one attempt may take in all"}
    )

    def __post_init__(self) -> None:
        check_url(self.url.reveal())
        check_timeout(self.timeout)
        if self.secret is not None:
            parse_secret(self.secret.reveal())

    def start(self, request: TriggerCall, now: datetime) -> Started:
        """Post the request once; any 2xx means that it is accepted.

        A 409 is no success: it may speak of another run than the one we asked for.
        """
        secrets = (self.url,) if self.secret is None else (self.url, self.secret)
        answer = ask(lambda: self._build(request, now), secrets, now)
        return Started(
            accepted=answer.accepted,
            again=answer.again,
            status=answer.status,
            error=_explain_conflict(answer),
            retry_after=answer.retry_after,
        )

    def _build(self, request: TriggerCall, now: datetime) -> HttpRequest:
        post = build_post(self.url, request.body, self.timeout)
        keys = {_KEY_HEADER: request.key, ID_HEADER: request.key}
        post = replace(post, headers={**post.headers, **keys})
        return post if self.secret is None else sign_post(post, self.secret, request.key, now)


def _explain_conflict(answer: Answer) -> str | None:
    if answer.status == _CONFLICT:
        return "http_409: a conflict does not show that our request was accepted; look for its key there"
    return answer.error
