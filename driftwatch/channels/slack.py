"""Tell a Slack channel, by an incoming webhook.

An incoming webhook answers 200 with the text `ok`; it cannot change or thread what it has posted, nor take a
file. With the token of a bot the picture of what changed most follows the notice (see `slack_files`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from driftwatch.channels.contract import Message, Outcome, Picture, build_outcome
from driftwatch.channels.slack_files import Upload, upload_picture
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

    Raises ValueError when an address or the timeout cannot be used, and when only one of `bot_token` and
    `channel` is given.
    """

    # https://docs.slack.dev/apis/web-api/rate-limits
    per_second: ClassVar[float] = 1.0

    url: Secret = field(metadata={"text": "the address of the incoming webhook; who has it can post"})
    timeout: timedelta = field(
        default=RECEIVER_DEADLINE, metadata={"text": "how long one attempt may take in all"}
    )
    fallback: str | None = field(default=None, metadata={"text": "the channel told when this one is dead"})
    bot_token: Secret | None = field(
        default=None,
        metadata={"text": "the token of a bot with files:write: pictures are put into `channel` by it"},
    )
    channel: str | None = field(
        default=None, metadata={"text": "the id of the Slack channel for pictures, such as C0123456789"}
    )
    api: str = field(
        default="https://slack.com/api", metadata={"text": "where Slack's Web API is, for pictures"}
    )

    def __post_init__(self) -> None:
        check_url(self.url.reveal())
        check_url(self.api)
        check_timeout(self.timeout)
        if (self.bot_token is None) != (self.channel is None):
            raise ValueError("pictures need both a bot_token and the id of a channel")

    def send(self, message: Message, now: datetime) -> Outcome:
        """Post the notice once; only 200 with the text `ok` means that it is delivered."""
        content = build_slack_message(message)
        answer = ask(lambda: build_post(self.url, content, self.timeout), (self.url,), now)
        return build_outcome(_read_words(answer))

    @property
    def takes_pictures(self) -> bool:
        """Return whether a bot can put pictures into the channel."""
        return self.bot_token is not None

    def send_picture(self, picture: Picture, now: datetime) -> str | None:
        """Put a picture into the channel, once; return why it could not be, None where it was."""
        if self.bot_token is None or self.channel is None:
            return "no bot_token is set"
        upload = Upload(api=self.api, token=self.bot_token, channel=self.channel, timeout=self.timeout)
        return upload_picture(upload, picture, now)


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
