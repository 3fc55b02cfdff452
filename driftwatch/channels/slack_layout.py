"""A notice as a Slack message: blocks for those who read it, one line of text for notifications.

Everything shown comes from data in the end, so all of it is escaped, no mention in it works, and links are
made of two addresses only: the notice's own and the runbook's, which an operator wrote.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from driftwatch.channels.contract import Message

__all__ = ["AT_MOST_BLOCKS", "AT_MOST_CHARACTERS", "build_slack_message", "escape_text"]

# https://docs.slack.dev/reference/block-kit/blocks/header-block
HEADER_CHARACTERS: Final = 150
# https://docs.slack.dev/reference/block-kit/blocks/section-block
SECTION_CHARACTERS: Final = 3000
FIELD_CHARACTERS: Final = 2000
SECTION_FIELDS: Final = 10
# Slack takes 50 blocks (https://docs.slack.dev/reference/block-kit/blocks); nobody reads more than these.
AT_MOST_BLOCKS: Final = 20
# Slack refuses blocks of more than about 13,200 characters together, and counts more than their texts:
# https://github.com/slackapi/bolt-js/issues/2509 and https://github.com/slackapi/bolt-js/issues/2867
AT_MOST_CHARACTERS: Final = 12_000

# Slack takes 3000 (https://docs.slack.dev/reference/block-kit/block-elements/button-element), but two of
# those would leave no room for the notice.
_LINK_CHARACTERS: Final = 1000
_LABEL_CHARACTERS: Final = 100
_VALUE_CHARACTERS: Final = 500
_AT_MOST_FACTS: Final = SECTION_FIELDS * (AT_MOST_BLOCKS - 4)

# https://docs.slack.dev/messaging/formatting-message-text#escaping
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MENTION: Final = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_WORD_JOINER: Final = "\u2060"
_JOINERS: Final = frozenset({"\u200c", "\u200d", _WORD_JOINER})
_STEERING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LINK: Final = re.compile(r"https?://[^\s<>|\"]+")


def build_slack_message(message: Message) -> dict[str, Any]:
    """Return the JSON that an incoming webhook is sent, within Slack's limits whatever the notice holds.

    Facts that do not fit are left out from the end, and their number is told.
    """
    counts = range(1, min(len(message.facts), _AT_MOST_FACTS) + 1)
    shown = bisect_right(counts, AT_MOST_CHARACTERS, key=lambda count: _measure_blocks(message, count))
    return {
        "text": escape_text(f"[{_name_weight(message).upper()}] {message.title}", SECTION_CHARACTERS),
        "blocks": _build_blocks(message, shown),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _measure_blocks(message: Message, shown: int) -> int:
    return len(json.dumps(_build_blocks(message, shown), ensure_ascii=False))


def _build_blocks(message: Message, shown: int) -> list[dict[str, Any]]:
    # Slack refuses empty texts.
    title = escape_text(message.title, HEADER_CHARACTERS).strip() or "driftwatch"
    text = escape_text(message.text, SECTION_CHARACTERS).strip() or title
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
        {"type": "section", "text": _build_text(text)},
    ]
    facts = message.facts[:shown]
    for start in range(0, shown, SECTION_FIELDS):
        fields = [_build_fact(label, value) for label, value in facts[start : start + SECTION_FIELDS]]
        blocks.append({"type": "section", "fields": fields})
    if buttons := _build_buttons(message.payload):
        blocks.append({"type": "actions", "elements": buttons})
    blocks.append({"type": "context", "elements": [_build_text(_describe_origin(message, shown))]})
    return blocks


def _build_text(text: str) -> dict[str, Any]:
    # verbatim: Slack otherwise looks for mentions, channels and addresses in it.
    # https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _build_fact(label: str, value: str) -> dict[str, Any]:
    text = f"*{escape_text(label, _LABEL_CHARACTERS)}*\n{escape_text(value, _VALUE_CHARACTERS)}"
    return _build_text(text[:FIELD_CHARACTERS])


def _build_buttons(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = payload.get("data") or {}
    links = {"Open": data.get("url"), "Runbook": (data.get("monitor") or {}).get("runbook")}
    return [
        {"type": "button", "text": {"type": "plain_text", "text": label, "emoji": False}, "url": link}
        for label, link in links.items()
        if isinstance(link, str) and len(link) <= _LINK_CHARACTERS and _LINK.fullmatch(link)
    ]


def _describe_origin(message: Message, shown: int) -> str:
    left_out = len(message.facts) - shown
    moment = message.timestamp.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = list(dict.fromkeys([message.type, _name_weight(message), moment]))
    if left_out:
        parts.append(f"{left_out} more not shown here")
    return escape_text(" · ".join(parts), _VALUE_CHARACTERS)


def _name_weight(message: Message) -> str:
    """Return how bad it is; a digest is neither good nor bad."""
    return message.type if message.type == "digest" else message.severity


def escape_text(text: str, at_most: int) -> str:
    """Return `text` so that Slack shows it as it stands, cut to `at_most` characters with an ellipsis.

    >>> escape_text("a < b & @channel", 100) == "a &lt; b &amp; @" + chr(0x2060) + "channel"
    True
    >>> escape_text("a<<<", 6)
    'a&lt;…'
    """
    readable = _MENTION.sub(f"@{_WORD_JOINER}", "".join(map(_replace_control, text)))
    escaped = [_ESCAPES.get(character, character) for character in readable]
    if sum(map(len, escaped)) <= at_most:
        return "".join(escaped)
    kept, left = [], at_most - 1
    for character in escaped:
        left -= len(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _replace_control(character: str) -> str:
    """Return a blank for what steers and shows nothing, joiners of words and emoji apart.

    One of them could take six characters in JSON or turn the direction of what follows; half a surrogate
    pair cannot be sent at all.
    """
    if character == "\n" or character in _JOINERS:
        return character
    return " " if unicodedata.category(character) in _STEERING else character
