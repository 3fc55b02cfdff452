"""What else changed when an incident began: each thing in one sentence with its number, or that nothing did.

What takes part in the incident is told elsewhere. Here is what stood beside it: the rows, missing values,
columns that came or went, what was found on the other axis, rows that did not come, the configuration, the
reference, the model, and other monitors of the same source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Final

from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.incident import Incident
from driftwatch.incidents.markers import Marker, say_marker
from driftwatch.incidents.phrases import say_usual
from driftwatch.incidents.words import join_words, say_count, say_moment, say_percent, say_window, shorten
from driftwatch.profiles.window import Window

__all__ = ["Neighbour", "Promoted", "Surroundings", "say_looked_at", "say_surroundings"]

_FEWEST_BEFORE: Final = 3
_ROWS_APART: Final = 0.1
_MISSING_APART: Final = 0.02
_TWICE: Final = 2.0
_SHOWN: Final = 5
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """A version of the reference that took over at a time."""

    version: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another incident that began near: of the same monitor, or of one of the same source."""

    number: int
    monitor: str
    kind: str
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the store knows of the time at which an incident began.

    `rows` came in its first window, and `rows_before` in those judged before it, None where that was not
    counted. `missing` are the shares without a value, by column: of the window before and of the first one.
    `came` and `gone` are the columns that only one of these two has. `empty` windows just before had no rows.
    `beside` was found in the first window and belongs to another incident. `others` are the monitors of the
    same source, `neighbours` incidents of those and of the monitor itself.
    """

    rows: int | None = None
    rows_before: tuple[int, ...] = ()
    missing: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    came: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    empty: int = 0
    beside: tuple[Finding, ...] = ()
    changes: tuple[Marker, ...] = ()
    promoted: tuple[Promoted, ...] = ()
    model: str | None = None
    others: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


def say_surroundings(found: Surroundings, incident: Incident) -> tuple[str, ...]:
    """Return what else changed, one sentence each; empty where nothing did."""
    return (
        *_say_rows(found),
        *_say_missing(found, incident),
        *_say_columns(found),
        *(f"Also found: {shorten(one.text, _LONGEST)}." for one in found.beside[:_SHOWN]),
        *_say_lateness(found),
        *(f"Driftwatch noticed: {say_marker(one)}." for one in found.changes),
        *(
            f"Version {one.version} of the reference took over at {say_moment(one.at)}."
            for one in found.promoted
        ),
        *_say_neighbours(found, incident),
    )


def say_looked_at(found: Surroundings) -> str:
    """Return what was looked at, in one sentence, so that silence about it means something."""
    others = f", {say_count(len(found.others), 'other monitor')} of the same source" if found.others else ""
    model = f"the model ({found.model})" if found.model else "the model's version, which nobody has named"
    return (
        "Looked at: the number of rows, missing values, columns that came or went, types, rows that did not "
        f"come, the configuration, the reference, {model}{others}."
    )


def _say_rows(found: Surroundings) -> Iterator[str]:
    before = found.rows_before
    if found.rows is None or len(before) < _FEWEST_BEFORE or min(before) <= found.rows <= max(before):
        return
    middle = median(before)
    if not middle or abs(found.rows - middle) < _ROWS_APART * middle:
        return
    apart, more = abs(found.rows - middle) / middle, "more" if found.rows > middle else "fewer"
    yield (
        f"Rows: {found.rows:,} came, {say_percent(apart)} {more} than usual; in the {len(before)} windows "
        f"before it were {min(before):,} to {max(before):,}."
    )


def _say_missing(found: Surroundings, incident: Incident) -> Iterator[str]:
    told = {one.column for one in incident.members if one.about == FindingKind.MISSING}
    told |= {one.column for one in found.beside if one.kind is FindingKind.MISSING}
    apart = [
        (abs(now - before), name, before, now)
        for name, (before, now) in found.missing.items()
        if name not in told and _is_apart(before, now)
    ]
    ranked = sorted(apart, key=lambda one: (-one[0], one[1]))
    for _, name, before, now in ranked[:_SHOWN]:
        share = "none" if now == 0 else say_percent(now)
        yield f"Missing values: {share} in {name}, against {say_usual(before)} in the window before."
    if len(ranked) > _SHOWN:
        yield f"Missing values changed in {say_count(len(ranked) - _SHOWN, 'other column')} too."


def _is_apart(before: float, now: float) -> bool:
    low, high = sorted((before, now))
    return high - low >= _MISSING_APART and high >= _TWICE * low


def _say_columns(found: Surroundings) -> Iterator[str]:
    for names, words in ((found.came, "came"), (found.gone, "went")):
        if names:
            said = join_words([shorten(one, 60) for one in names], at_most=_SHOWN)
            yield f"Columns that {words} with that window: {said}."


def _say_lateness(found: Surroundings) -> Iterator[str]:
    if found.empty:
        windows = "The window" if found.empty == 1 else f"The {found.empty} windows"
        yield f"{windows} just before it had no rows."


def _say_neighbours(found: Surroundings, incident: Incident) -> Iterator[str]:
    for one in found.neighbours[:_SHOWN]:
        where = "Same monitor" if one.monitor == incident.monitor else f"Same source: {one.monitor}"
        yield f"{where}: incident {one.number} ({one.kind}) began in the window of {say_window(one.window)}."
    rest = len(found.neighbours) - _SHOWN
    if rest > 0:
        yield f"{say_count(rest, 'more incident')} began near it."
