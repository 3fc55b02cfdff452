"""Several incidents of one source in one message, which names every one of them.

Why a limit: a receiver that cuts a long text would hide the last ones. What does not fit is told in a message
of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from driftwatch.incidents.incident import Severity
from driftwatch.incidents.notice import fits_payload

__all__ = ["LARGEST_TEXT", "Part", "fits_group", "merge_parts"]

LARGEST_TEXT: Final = 2_900
"""Characters of a text that lists incidents, each that Slack wants escaped counted as five.

Slack cuts at 3000: https://docs.slack.dev/reference/block-kit/blocks/section-block
"""

_ESCAPED: Final = frozenset("&<>@")
_WORST_FIRST: Final = (Severity.CRITICAL.value, Severity.MAJOR.value, Severity.MINOR.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is told of one incident, or of several: `payload` is the body of a webhook."""

    severity: str
    title: str
    text: str
    payload: Mapping[str, Any]


def merge_parts(parts: Sequence[Part]) -> Part:
    """Return one message for all of `parts`, one incident each; a single one stays as it is.

    The text has a line for each. The payload keeps `incident` and `monitor` of the first, and lists every one
    in `incidents`, without its columns. Raises ValueError where there is nothing to tell.
    """
    if not parts:
        raise ValueError("a message needs at least one incident to tell")
    if len(parts) == 1:
        return parts[0]
    lines = [part.title for part in parts]
    text = "\n".join(f"• {line}" for line in lines)
    title = f"{len(parts)} monitors of one source: {', '.join(map(_name_monitor, parts))}"
    first = parts[0].payload
    data = {**first["data"], "text": text, "incidents": [_list_incident(part) for part in parts]}
    severities = {part.severity for part in parts}
    worst = next((one for one in _WORST_FIRST if one in severities), parts[0].severity)
    return Part(severity=worst, title=title, text=text, payload={**first, "data": data})


def fits_group(parts: Sequence[Part]) -> bool:
    """Return whether one message can tell all of `parts` without a receiver cutting anything off."""
    if len(parts) == 1:
        return True
    merged = merge_parts(parts)
    length = sum(5 if letter in _ESCAPED else 1 for letter in merged.text)
    return length <= LARGEST_TEXT and fits_payload(dict(merged.payload))


def _name_monitor(part: Part) -> str:
    monitor = part.payload["data"]["monitor"]
    return str(monitor.get("title") or monitor["id"])


def _list_incident(part: Part) -> dict[str, Any]:
    data = part.payload["data"]
    short = {name: value for name, value in data["incident"].items() if not isinstance(value, list | dict)}
    monitor = {"id": data["monitor"]["id"], "title": data["monitor"].get("title")}
    return {**short, "monitor": monitor, "summary": part.title, "url": data.get("url")}
