"""The readers of hostile texts find what is at work where nothing was done about it."""

from __future__ import annotations

import pytest

from tests.support.hostile import (
    CONTROLS,
    FORMULAS,
    MRKDWN,
    find_controls,
    find_formulas,
    find_live_markup,
    find_live_mrkdwn,
)


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert(1)</script>",
        "<script src='https://evil.example/x.js'></script>",
        "<p onclick='alert(1)'>x</p>",
        "<img src='https://evil.example/x.png'>",
        "<img src='//evil.example/x.png'>",
        "<a href=' javascript:alert(1)'>x</a>",
        "<form action='https://evil.example'></form>",
        "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<iframe></iframe>",
        "<base href='https://evil.example'>",
        "<meta http-equiv='Refresh' content='0;url=https://evil.example'>",
        "<style>@import 'https://evil.example/x.css';</style>",
        "<style>p { background: url(https://evil.example/x.png) }</style>",
        "<link rel='stylesheet' href='https://evil.example/x.css'>",
    ],
)
def test_live_markup_is_found(page: str) -> None:
    assert find_live_markup(page)


@pytest.mark.parametrize(
    "page",
    [
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        "<script src='/static/live.js'></script>",
        "<script type='application/json'>{}</script>",
        "<img src='data:image/png;base64,AAAA' alt='x'>",
        "<a href='https://wiki.example.com/runbook'>x</a>",
        "<style>p { color: red }</style>",
    ],
)
def test_what_a_page_may_hold_is_not_found(page: str) -> None:
    assert find_live_markup(page) == []


def test_what_slack_a_terminal_and_a_spreadsheet_would_obey_is_found() -> None:
    # Escaped text is at work no more: the corpus has some to see that it is not taken back.
    live = [text for text in MRKDWN if not text.startswith("&lt;")]

    assert [text for text in live if not find_live_mrkdwn({"text": text})] == []
    assert [text for text in CONTROLS if not find_controls(text)] == []
    assert sorted(find_formulas(FORMULAS)) == sorted(FORMULAS)
    assert find_formulas(["-2.5", "a", "7 %"]) == []
