"""Texts as somebody with bad intentions writes them into ids, column names and values, and who reads them.

The readers here know nothing of how the pages and messages are made: they read the output as a browser,
Slack and a terminal would, and say what is at work in it. None of the texts may be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

__all__ = [
    "CONTROLS",
    "FORMULAS",
    "HOSTILE",
    "MARKUP",
    "MRKDWN",
    "find_controls",
    "find_formulas",
    "find_live_markup",
    "find_live_mrkdwn",
]

MARKUP: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "--></textarea></style></script><iframe srcdoc='<script>alert(1)</script>'>",
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "javascript:alert(1)",
    "JaVaScRiPt\t:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/x",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "`${alert(1)}`",
    "]]><a href='https://evil.example'>x</a>",
    "<style>@import 'https://evil.example/x.css';</style>",
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
)
"""What a browser would run, load or follow."""

MRKDWN: Final = (
    "<!channel>",
    "<!here|x>",
    "<!subteam^S123|everyone>",
    "<@U123>",
    "<#C123>",
    "@channel",
    "@HERE",
    "@everyone!",
    "<https://evil.example|the runbook>",
    "<mailto:a@evil.example|write to us>",
    "&lt;!channel&gt;",
    "a & b < c > d",
    "```\n<!channel>\n```",
)
"""What Slack would make a mention or a link of."""

CONTROLS: Final = (
    "\x1b[2J\x1b[1;1Howned",
    "\x1b]0;owned\x07",
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x9b31mred",
    "one\r\n2013-02-08T00:00:00Z ERROR forged",
    "one\u2028two\u2029three\x85four",
    "back\x08\x08\x08\x08space",
    "nul\x00byte",
    "\u202eevil",
    "\u2066isolated\u2069",
)
"""What a terminal would obey, what starts a line in a log, and what turns the direction of writing round."""

FORMULAS: Final = (
    '=HYPERLINK("https://evil.example","x")',
    "+1+cmd|'/C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
)
"""What a spreadsheet would reckon."""

HOSTILE: Final = (*MARKUP, *MRKDWN, *CONTROLS, *FORMULAS)
"""All of them, each inert wherever it is shown."""

_FORBIDDEN: Final = frozenset({"iframe", "object", "embed", "base", "frame", "applet", "portal"})
_LINKS: Final = frozenset({"href", "src", "action", "formaction", "srcset", "poster", "xlink:href", "data"})
_INERT_SCRIPTS: Final = frozenset({"application/json"})
_STEERING: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_JOINERS: Final = "\u200c\u200d\u2060"  # They are part of words and of emoji, and steer nothing.
_LIVE_MRKDWN: Final = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)|@(?:channel|here|everyone)", re.IGNORECASE)


class _Browser(HTMLParser):
    """Notes every element that runs something or asks another place for something."""

    def __init__(self, allowed: str) -> None:
        super().__init__()
        self.live: list[str] = []
        self._allowed = allowed
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag
        if tag in _FORBIDDEN or (tag == "meta" and given.get("http-equiv", "").lower() == "refresh"):
            self.live.append(f"<{tag}>")
        if tag == "script" and "src" not in given and given.get("type") not in _INERT_SCRIPTS:
            self.live.append("<script> without an address")
        for name, value in given.items():
            if name.startswith("on") or name == "srcdoc":
                self.live.append(f"{name} of <{tag}>")
            elif name in _LINKS and not self._may_name(tag, name, value):
                self.live.append(f"{name}={value!r} of <{tag}>")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the signature of the parser.
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "style" and re.search(r"@import|url\((?!['\"]?(?:data:|#))", data, re.IGNORECASE):
            self.live.append("a style that loads something")

    def _may_name(self, tag: str, name: str, value: str) -> bool:
        address = value.strip()
        scheme = urlsplit(address).scheme.lower()
        is_ours = (scheme == "" and not address.startswith(("//", "\\"))) or (
            bool(self._allowed) and address.startswith(self._allowed)
        )
        if tag == "a" and name == "href":
            return is_ours or scheme in {"http", "https"}
        return is_ours or (tag in {"img", "source"} and address.startswith("data:image/"))


def find_live_markup(page: str, *, allowed: str = "") -> list[str]:
    """Return what a browser would run in a page, and what it would ask another place for.

    Links that somebody has to follow may go anywhere on the web; `allowed` is how other addresses may begin.
    """
    browser = _Browser(allowed)
    browser.feed(page)
    browser.close()
    return browser.live


def find_live_mrkdwn(message: Mapping[str, Any]) -> list[str]:
    """Return the texts of a Slack message, blocks and fallback, that call somebody or make a link."""
    return [text for text in _walk_texts(message) if _LIVE_MRKDWN.search(text)]


def _walk_texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _walk_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk_texts(inner)


def find_controls(text: str, *, allowed: str = "\n") -> list[str]:
    """Return the characters of a text that steer whatever shows it: a terminal, a log, the direction."""
    kept = {*allowed, *_JOINERS}
    return [sign for sign in text if unicodedata.category(sign) in _STEERING and sign not in kept]


def find_formulas(cells: Iterable[str]) -> list[str]:
    """Return the cells of a table that a spreadsheet would reckon; a negative number is none."""
    return [cell for cell in cells if re.match(r"\s*(?:[=+@]|-(?!\d+(?:\.\d+)?$))|[\t\r]", cell)]
