"""What happened to a column, each kind of change in one plain sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isinf
from typing import Final

from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.phrases import say_usual, say_value
from driftwatch.incidents.words import say_count, say_percent, shorten
from driftwatch.statistics.change import find_change
from driftwatch.statistics.change_kind import Change, ChangeKind

__all__ = ["find_story", "say_change"]

_LONGEST_NAME = 60
_NEW_NAME = "a name the reference never had"

# Factor and offset, to three digits, of well-known units.
_UNITS: Final[Mapping[tuple[float, float], str]] = {
    (-1.0, 0.0): "values have changed their sign",
    (1.8, 32.0): "values look converted from °C to °F",
    (0.556, -17.778): "values look converted from °F to °C",
    (1.0, -273.15): "values look lowered by 273.15, as from K to °C",
    (1.0, 273.15): "values look raised by 273.15, as from °C to K",
    (1.8, -459.67): "values look converted from K to °F",
    (0.556, 255.372): "values look converted from °F to K",
}


def find_story(pair: Pair) -> Change | None:
    """Return what happened to a column; None where nothing can be told.

    Of dates only missing ones are told, for they are counted as ages.
    """
    change = find_change(pair.reference, pair.current)
    if change is None or (pair.reference.grid.kind == "time" and change.kind is not ChangeKind.MISSING):
        return None
    return change


def say_change(change: Change) -> str | None:
    """Return the sentence for a change; None for one that no simple story explains.

    >>> say_change(Change(kind=ChangeKind.SHIFT, explained=0.9, before=41_000, after=36_000, factor=1))
    'typical values moved from 41,000 to 36,000'
    >>> say_change(Change(kind=ChangeKind.UNIT, explained=1, factor=1000, offset=0))
    'values look multiplied by 1,000'
    """
    say = _SENTENCES.get(change.kind)
    return say(change) if say else None


def _say_shift(change: Change) -> str:
    factor = change.factor or 1.0
    apart = "" if factor == 1.0 else f" and lie {_say_factor(factor)} times as far apart"
    if change.before is None or change.after is None:
        return f"values moved{apart}"
    before, after = say_value(change.before), say_value(change.after)
    if before == after:
        before, after = f"{change.before:.6g}", f"{change.after:.6g}"
    return f"typical values moved from {before} to {after}{apart}"


def _say_scale(change: Change) -> str:
    factor, before, after = change.factor or 1.0, change.before or 0.0, change.after or 0.0
    if change.offset == 0 and before != 0:
        moved = f"typical ones moved from {say_value(before)} to {say_value(after)}"
        return f"values are about {_say_factor(factor)} times what they were: {moved}"
    return f"values lie {_say_factor(factor)} times as far apart as before, around {say_value(after)}"


def _say_factor(factor: float) -> str:
    return f"{factor:,.0f}" if factor >= 100 else f"{factor:.2g}"


def _say_unit(change: Change) -> str:
    factor, offset = change.factor or 1.0, change.offset or 0.0
    known = _UNITS.get((round(factor, 3), round(offset, 3)))
    if known is not None:
        return known
    if factor >= 1:
        return f"values look multiplied by {round(factor):,}"
    return f"values look divided by {round(1 / factor):,}"


def _say_flood(change: Change) -> str:
    share, usual = say_percent(change.share or 0.0), say_usual(change.usual_share or 0.0)
    if change.value is None:
        if change.name is None:
            return f"{share} of the values are names the reference never had"
        return f"{share} of the values are {_quote(change.name)}, against {usual} in the reference"
    if isinf(change.value):
        return f"{share} of the values are infinite, against {usual} in the reference"
    how = "exactly" if change.is_exact else "about"
    return f"{share} of the values are {how} {_say_exactly(change.value)}, against {usual} in the reference"


def _say_exactly(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def _say_truncation(change: Change) -> str:
    bound, share = _say_exactly(change.value or 0.0), say_percent(change.share or 0.0)
    side = "above" if change.is_above else "below"
    return f"nothing lies {side} {bound} any more, where {share} of the reference does"


def _say_rename(change: Change) -> str:
    gone = f"{_quote(change.name)} has vanished"
    if change.names > 1:
        gone = f"{_quote(change.name)} and {say_count(change.names - 1, 'other name')} have vanished"
    if change.new_name is None:
        return f"{gone}; as many rows have {_NEW_NAME}"
    return f"{gone}; {_quote(change.new_name)} has as many more rows"


def _say_mix(change: Change) -> str:
    share, usual = change.share or 0.0, change.usual_share or 0.0
    name = "the rarer names" if change.name is None else _quote(change.name)
    if share == 0:
        return (
            f"{name} had {say_percent(usual)} of the values and {'has' if change.name else 'have'} vanished"
        )
    return f"{name} went from {say_usual(usual)} to {say_percent(share)} of the values"


def _say_missing(change: Change) -> str:
    share, usual = change.share or 0.0, say_usual(change.usual_share or 0.0)
    if share == 1:
        return f"no row has a value, against {usual} without one in the reference"
    return f"{say_percent(share)} of the rows have no value, against {usual} in the reference"


def _quote(name: str | None) -> str:
    return f"`{shorten(name or '', _LONGEST_NAME)}`"


_SENTENCES: Final[Mapping[ChangeKind, Callable[[Change], str]]] = {
    ChangeKind.SHIFT: _say_shift,
    ChangeKind.SCALE: _say_scale,
    ChangeKind.UNIT: _say_unit,
    ChangeKind.FLOOD: _say_flood,
    ChangeKind.TRUNCATION: _say_truncation,
    ChangeKind.RENAME: _say_rename,
    ChangeKind.MIX: _say_mix,
    ChangeKind.MISSING: _say_missing,
}
