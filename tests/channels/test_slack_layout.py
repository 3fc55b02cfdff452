from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.channels.contract import Message
from driftwatch.channels.slack_layout import (
    AT_MOST_BLOCKS,
    AT_MOST_CHARACTERS,
    build_slack_message,
    escape_text,
)
from driftwatch.incidents.incident import NoticeType
from tests.support.hostile import HOSTILE, find_controls, find_live_mrkdwn

NOW = datetime(2013, 2, 10, 0, 31, 7, tzinfo=UTC)
PAYLOAD = {
    "type": "incident.opened",
    "data": {
        "url": "https://drift.example.com/i/7",
        "monitor": {"runbook": "https://wiki.example.com/a?b=c&d"},
    },
}

# Characters of every plane and kind, half surrogate pairs and controls among them.
words = st.text(st.characters(codec=None), max_size=5000)
facts = st.lists(st.tuples(words, words), max_size=30) | st.integers(0, 400).map(
    lambda count: [("label\n" * 50, '"\\' * 400)] * count
)


def build_message(
    title: str = "dep_delay drifted",
    text: str = "At least 7 % of the rows moved.",
    facts: tuple[tuple[str, str], ...] = (("Since", "2013-02-08"),),
    payload: dict[str, Any] | None = None,
) -> Message:
    return Message(
        id="01J",
        type="incident.opened",
        timestamp=NOW,
        severity="major",
        title=title,
        text=text,
        facts=facts,
        payload=PAYLOAD if payload is None else payload,
    )


def find_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from find_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from find_texts(inner)


def test_a_notice_becomes_these_blocks() -> None:
    assert build_slack_message(build_message()) == {
        "text": "[MAJOR] dep_delay drifted",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "dep_delay drifted", "emoji": False}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "At least 7 % of the rows moved.", "verbatim": True},
            },
            {
                "type": "section",
                "fields": [{"type": "mrkdwn", "text": "*Since*\n2013-02-08", "verbatim": True}],
            },
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "Open", "emoji": False},
                        "url": "https://drift.example.com/i/7",
                    },
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "Runbook", "emoji": False},
                        "url": "https://wiki.example.com/a?b=c&d",
                    },
                ],
            },
            {
                "type": "context",
                "elements": [
                    {
                        "type": "mrkdwn",
                        "text": "incident.opened · major · 2013-02-10 00:31 UTC",
                        "verbatim": True,
                    }
                ],
            },
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_a_digest_is_neither_good_nor_bad() -> None:
    digest = replace(build_message("Flights would have paged 2 times"), type="digest", severity="minor")

    built = build_slack_message(digest)

    assert built["text"] == "[DIGEST] Flights would have paged 2 times"
    assert list(find_texts(built["blocks"][-1])) == ["digest · 2013-02-10 00:31 UTC"]


@given(title=words, text=words, facts=facts)
def test_no_notice_is_beyond_the_limits_of_slack(title: str, text: str, facts: list[tuple[str, str]]) -> None:
    built = build_slack_message(build_message(title, text, tuple(facts)))

    blocks = built["blocks"]
    assert len(blocks) <= AT_MOST_BLOCKS
    assert len(json.dumps(blocks, ensure_ascii=False)) <= AT_MOST_CHARACTERS
    assert 1 <= len(blocks[0]["text"]["text"]) <= 150
    assert 1 <= len(blocks[1]["text"]["text"]) <= 3000
    assert 1 <= len(built["text"]) <= 3000
    for block in blocks:
        assert len(block.get("fields", [])) <= 10
        assert all(1 <= len(field["text"]) <= 2000 for field in block.get("fields", []))
    json.dumps(built, ensure_ascii=False).encode("utf-8")


def test_the_longest_notice_that_there_can_be_is_within_the_limits_of_slack() -> None:
    link = "https://a.example/".ljust(1000, "a")
    payload = {"data": {"url": link, "monitor": {"runbook": link}}}
    message = build_message('"' * 9000, '"\n' * 9000, (('"' * 9000, '"' * 9000),) * 500, payload)

    built = build_slack_message(message)

    assert len(json.dumps(built["blocks"], ensure_ascii=False)) <= AT_MOST_CHARACTERS
    assert [block["type"] for block in built["blocks"]][-2:] == ["actions", "context"]


@given(title=words, text=words, facts=facts)
def test_no_markup_of_slack_comes_from_data(title: str, text: str, facts: list[tuple[str, str]]) -> None:
    for shown in find_texts(build_slack_message(build_message(title, text, tuple(facts)))):
        assert "<" not in shown
        assert ">" not in shown
        rest = shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        assert "&" not in rest


@pytest.mark.parametrize("kind", [*NoticeType, "delivery.test", "channel.disabled", "monitor.detached"])
@pytest.mark.parametrize("attack", HOSTILE)
def test_nobody_is_called_and_no_link_is_made_by_data(attack: str, kind: str) -> None:
    message = replace(
        build_message(attack, f"What is new: {attack}\n{attack}", ((attack, attack),), {}), type=kind
    )

    built = build_slack_message(message)

    assert find_live_mrkdwn(built) == []
    assert [find_controls(text) for text in find_texts(built) if find_controls(text)] == []
    assert all(b["type"] != "actions" for b in built["blocks"])
    mrkdwn = json.dumps(built).split('"mrkdwn"')[1:]
    assert mrkdwn
    assert all('"verbatim": true' in part for part in mrkdwn)


def test_facts_that_do_not_fit_are_counted() -> None:
    facts = tuple((f"Column {number}", "x" * 400) for number in range(100))

    built = build_slack_message(build_message(facts=facts))

    shown = sum(len(block.get("fields", [])) for block in built["blocks"])
    assert 15 < shown < 100
    assert f"{100 - shown} more not shown here" in built["blocks"][-1]["elements"][0]["text"]
    assert built["blocks"][2]["fields"][0]["text"].startswith("*Column 0*")


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "ftp://a.example", "https://a.example/<b>", "https://" + "a" * 3000, "", None, 7],
)
def test_a_link_that_is_no_web_address_gets_no_button(link: object) -> None:
    payload = {"data": {"url": link, "monitor": {"runbook": link}}}

    built = build_slack_message(build_message(payload=payload))

    assert all(block["type"] != "actions" for block in built["blocks"])


def test_the_time_of_the_notice_is_told_in_utc() -> None:
    moment = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    message = Message(
        id="01J", type="incident.opened", timestamp=moment, severity="major", title="t", text="t"
    )

    origin = build_slack_message(message)["blocks"][-1]["elements"][0]["text"]

    assert origin.endswith("2013-02-10 00:31 UTC")


@given(
    st.text(
        st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"), exclude_characters="@"), max_size=50
    )
)
def test_escaped_text_reads_as_before(text: str) -> None:
    escaped = escape_text(text, 1000)

    # An independent reader of the same three entities; html knows many more, which data must not reach.
    assert html.unescape(escaped) == html.unescape(html.escape(text, quote=False))
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@given(st.text("a&<>", max_size=50), st.integers(1, 60))
def test_no_entity_is_cut_in_two(text: str, at_most: int) -> None:
    escaped = escape_text(text, at_most)

    assert len(escaped) <= at_most
    assert escaped.endswith("…") == (len(html.escape(text, quote=False)) > at_most)
    assert "&" not in escaped.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
