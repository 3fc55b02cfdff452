"""Markers: something that happened in the world, such as a deploy, named by incidents that begin soon after.

*Soon after*: a marker is named by an incident whose first window ends within a day of it, or within two
windows where those are longer. Deploys work on data with a delay, and what a daily window shows may have
begun at any time of that day; what is older than that is shown on the charts and named by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from driftwatch.errors import UsageError
from driftwatch.incidents.stamps import read_stamp, write_stamp
from driftwatch.incidents.words import say_count, say_duration, say_moment, shorten
from driftwatch.profiles.window import Window

__all__ = [
    "CONFIGURATION",
    "MODEL",
    "MOST_NAMED",
    "Marker",
    "build_marker_json",
    "check_marker",
    "choose_named",
    "decode_marker",
    "encode_marker",
    "find_soon",
    "say_marker",
    "say_markers",
]

MODEL: Final = "model"
"""The kind of a marker that another version of the model is in use; driftwatch sets one itself too."""
CONFIGURATION: Final = "configuration"
"""The kind of a marker that driftwatch sets when what it was told about a monitor has changed."""
MOST_NAMED: Final = 3
"""How many markers an incident names; the others are counted."""

_DAY: Final = timedelta(days=1)
_AHEAD: Final = timedelta(days=1)
_KIND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_LONGEST: Final = {"version": 100, "text": 500, "author": 191, "monitor": 191, "owner": 191}
_FREE: Final = frozenset({"text", "author"})
_SHOWN_TEXT: Final = 200
_PLAIN: Final = ("id", "kind", "version", "text", "monitor", "owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Something that happened `at` a time: `kind` is a word such as `deploy`, `version` and `text` say more.

    It concerns one `monitor`, those of an `owner`, or every one where both are None. `author` is None where
    driftwatch noticed it by itself. `id` is None until the store has numbered it.
    """

    id: int | None = None
    kind: str
    at: datetime
    created_at: datetime
    version: str | None = None
    text: str | None = None
    monitor: str | None = None
    owner: str | None = None
    author: str | None = None

    @property
    def name(self) -> str:
        """What it is called: its kind and version."""
        return f"{self.kind} {self.version}" if self.version else self.kind

    @property
    def concerns(self) -> str:
        """What it is about, in words."""
        if self.monitor is not None:
            return self.monitor
        return "every monitor" if self.owner is None else f"the monitors of {self.owner}"


def check_marker(marker: Marker, now: datetime) -> None:
    """Raise UsageError, which says what to do, unless `marker` may be kept."""
    if not _KIND.fullmatch(marker.kind):
        raise UsageError(
            f"{shorten(marker.kind, 60)!r} is no kind of marker: one word of at most 40 letters, digits, - "
            "and _, such as deploy, release or migration"
        )
    for name, longest in _LONGEST.items():
        value = getattr(marker, name)
        if value is not None and len(value) > longest:
            raise UsageError(f"the {name} of a marker has at most {longest} characters, not {len(value):,}")
        if value is not None and name not in _FREE and not value.isprintable():
            raise UsageError(f"the {name} of a marker is one line of letters, and holds something else")
    if marker.monitor is not None and marker.owner is not None:
        raise UsageError("a marker is about one monitor or about those of an owner, not both")
    if marker.at > now + _AHEAD:
        raise UsageError(
            f"a marker is of something that has happened, and {say_moment(marker.at)} is yet to come; "
            "leave the time out for now"
        )


def find_soon(first: Window) -> tuple[datetime, datetime]:
    """Return from when to when (exclusive) markers are named by an incident that begins in `first`.

    >>> from datetime import UTC
    >>> hour = Window(start=datetime(2013, 2, 8, 5, tzinfo=UTC), end=datetime(2013, 2, 8, 6, tzinfo=UTC))
    >>> [f"{moment:%d %H:%M}" for moment in find_soon(hour)]
    ['07 06:00', '08 06:00']
    """
    return first.end - max(_DAY, 2 * first.length), first.end


def choose_named(markers: Iterable[Marker], first: Window) -> tuple[Marker, ...]:
    """Return those of `markers` that an incident which begins in `first` names, the latest first.

    A changed configuration is not named: it changes how the data is judged, and the page says so elsewhere.
    """
    start, end = find_soon(first)
    near = [one for one in markers if start <= one.at < end and (one.author or one.kind != CONFIGURATION)]
    return tuple(sorted(near, key=lambda one: (one.at, one.id or 0), reverse=True))


def say_marker(marker: Marker) -> str:
    """Return a marker in one phrase.

    >>> from datetime import UTC
    >>> at = datetime(2013, 2, 8, 14, tzinfo=UTC)
    >>> say_marker(Marker(kind="deploy", version="2.4", at=at, created_at=at, text="new join", author="ana"))
    'deploy 2.4 (2013-02-08 14:00 UTC, by ana): new join'
    """
    by = f", by {shorten(marker.author, 60)}" if marker.author else ""
    said = f"{shorten(marker.name, 100)} ({say_moment(marker.at)}{by})"
    return f"{said}: {shorten(marker.text, _SHOWN_TEXT).rstrip('.')}" if marker.text else said


def say_markers(named: Iterable[Marker], first: Window) -> str:
    """Return the sentences that name what happened just before an incident began; empty where nothing did."""
    markers = list(named)
    if not markers:
        return ""
    before = first.end - markers[0].at
    when = f"{say_duration(before)} before the first window that shows it ended"
    said = "; ".join(say_marker(one) for one in markers[:MOST_NAMED])
    rest = len(markers) - MOST_NAMED
    more = f"; and {say_count(rest, 'other marker')}" if rest > 0 else ""
    return f"Just before, {when}: {said}{more}. Whether it is the cause is not known."


def build_marker_json(marker: Marker) -> dict[str, Any]:
    """Return a marker as an entry of `driftwatch.markers/v1`, and as incidents name it."""
    return {
        "id": marker.id,
        "kind": marker.kind,
        "version": marker.version,
        "text": marker.text,
        "at": write_stamp(marker.at),
        "monitor": marker.monitor,
        "owner": marker.owner,
        "by": marker.author,
    }


def encode_marker(marker: Marker) -> dict[str, Any]:
    """Return a document of plain JSON values from which `decode_marker` restores the marker."""
    return {**build_marker_json(marker), "created_at": write_stamp(marker.created_at)}


def decode_marker(document: dict[str, Any]) -> Marker:
    """Return the marker that `encode_marker` wrote."""
    restored: dict[str, Any] = {name: document[name] for name in _PLAIN}
    restored |= {name: read_stamp(document[name]) for name in ("at", "created_at")}
    return Marker(**restored, author=document["by"])
