"""Tell a Slack channel, by an incoming webhook.

An incoming webhook answers 200 with the text `ok`; it cannot change or thread what it has posted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from driftwatch.channels.contract import Message, Outcome, build_outcome
from driftwatch.channels.slack_layout import build_slack_message
from driftwatch.net.answers import RECEIVER_DEADLINE, Answer, ask, check_timeout
from driftwatch.net.http import check_url
from driftwatch.net.posts import build_post
from driftwatch.net.secrets import Secret

__all__ = ["Slack"]

# https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors and
# https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
_SLACK_ERRORS: Final = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_blocks",
        "invalid_payload",
        "invalid_token",
        "msg_blocks_too_long",
        "no_service",
        "no_text",
        "rate_limited",
        "rollup_error",
        "user_not_found",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """Post each notice to the Slack channel that an incoming webhook belongs to.

    Raises ValueError when the address or the timeout cannot be used.
    """

    # https://docs.slack.dev/apis/web-api/rate-limits
    per_second: ClassVar[float] = 1.0

    url: Secret = field(metadata={"text": "the address of the incoming webhook; who has it can post"})
    timeout: timedelta = field(
        default=RECEIVER_DEADLINE, metadata={"text": "how long one attempt may take in all"}
    )
    fallback: str | None = field(default=None, metadata={"text": "the channel told when this one is dead"})

    def __post_init__(self) -> None:
        check_url(self.url.reveal())
        check_timeout(self.timeout)

    def send(self, message: Message, now: datetime) -> Outcome:
        """Post the notice once; only 200 with the text `ok` means that it is delivered."""
        content = build_slack_message(message)
        answer = ask(lambda: build_post(self.url, content, self.timeout), (self.url,), now)
        return build_outcome(_read_words(answer))


def _read_words(answer: Answer) -> Answer:
    words = answer.body.strip()
    if not answer.accepted:
        known = words.decode("ascii", "replace")
        if known in _SLACK_ERRORS:
            return replace(answer, error=f"http_{answer.status}: slack says {known}")
        return answer
    if words == b"ok":
        return answer
    if not answer.complete:
        return replace(answer, accepted=False, again=True, error="timeout: the answer did not end")
    return replace(
        answer,
        accepted=False,
        error=f"unexpected_answer: http {answer.status} without ok; is this a Slack webhook's address?",
    )
