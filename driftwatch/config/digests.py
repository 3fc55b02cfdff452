"""The weekly digests of a configuration: what they may be, and what is made of them."""

# ruff: noqa: RUF009 - setting() is dataclasses.field with words for editors.

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import time

from driftwatch.config.mistakes import Note, Path, suggest
from driftwatch.config.quiet_times import TIME_OF_DAY, Weekday
from driftwatch.config.reading import list_good
from driftwatch.config.sections import setting
from driftwatch.config.values import Zone
from driftwatch.jobs.turns import WEEKDAYS, Weekly
from driftwatch.jobs.weekly import DigestPlan

__all__ = ["DigestSettings", "build_digests", "check_digests"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """What happened in a week, told to somebody in words that need no statistics."""

    owner: str | None = setting("whose monitors it is about; every monitor without")
    notify: tuple[str, ...] = setting("the channels it is sent to", (), required=True)
    day: Weekday = setting("the day of the week it is sent on", "monday")
    at: str = setting("the time of day it is sent at", "08:00")
    timezone: Zone = setting("the zone of that time", Zone("UTC"))


def check_digests(
    digests: Sequence[DigestSettings],
    owners: Collection[str],
    channels: Collection[str],
    note: Note,
    *,
    describe_unknown: Callable[[str], str],
) -> None:
    """Record digests of nobody, to nobody, at no time, or twice of the same owner."""
    seen: dict[str | None, int] = {}
    for place, one in list_good(digests):
        path: Path = ("digests", place)
        if one.owner in seen:
            whose = "every monitor" if one.owner is None else repr(one.owner)
            note(
                (*path, "owner"),
                f"digests[{seen[one.owner]}] is about {whose} too; one digest may have many channels",
            )
        seen.setdefault(one.owner, place)
        if one.owner is not None and one.owner not in owners:
            note((*path, "owner"), f"no monitor has the owner {one.owner!r}{suggest(one.owner, owners)}")
        if not one.notify:
            note((*path, "notify"), "wants at least one channel")
        for number, name in list_good(one.notify):
            if name not in channels:
                note((*path, "notify", number), describe_unknown(name))
        if not TIME_OF_DAY.fullmatch(one.at):
            note((*path, "at"), f"wants a time of day such as 08:00, not {one.at!r}")


def build_digests(digests: Sequence[DigestSettings]) -> tuple[DigestPlan, ...]:
    """Return the digests that checked settings describe."""
    return tuple(
        DigestPlan(
            owner=one.owner,
            notify=tuple(dict.fromkeys(one.notify)),
            when=Weekly(
                day=WEEKDAYS.index(one.day),
                at=time.fromisoformat(one.at.zfill(5)),
                timezone=one.timezone,
            ),
        )
        for one in digests
    )
