"""Where windows start, found by walking through the minutes with nothing but the wall clock in hand.

    python -m tests.support.minute_walker --zones 600 --changes 60

compares the windows of every schedule, zone and change of the clocks from 2015 to 2040 with them. It is
slow, and shares no thought with `driftwatch.jobs.windows`: it looks at each minute and asks what a clock on
the wall shows.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from driftwatch.jobs.windows import Schedule, window_at, windows_between

__all__ = ["SHAPES", "Walk", "compare_windows", "find_changes", "list_places", "list_zones"]

MINUTE: Final = timedelta(minutes=1)
_FIRST, _LAST = datetime(2015, 1, 1, tzinfo=UTC), datetime(2040, 12, 31, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1)
_BEFORE, _AFTER = timedelta(days=9), timedelta(days=9)

SHAPES: Final[Mapping[str, timedelta | str]] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "2h": timedelta(hours=2),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "1w": timedelta(weeks=1),
    "5h": timedelta(hours=5),
    "at 02:30": "30 2 * * *",
    "at 00:00": "0 0 * * *",
    "at 06:00 from Monday to Friday": "0 6 * * 1-5",
    "every 30 minutes": "*/30 * * * *",
    "at 01:15, 01:45, 02:15 and 02:45 on Sunday": "15,45 1-2 * * 0",
}
"""What is tried: windows of a length, and windows between the fires of cron fields."""


def list_zones() -> list[str]:
    """Return every IANA zone that this machine knows and that a clock on a wall can show."""
    return sorted(name for name in available_timezones() if not name.startswith(("right/", "posix/")))


@cache
def find_changes(zone: str) -> tuple[datetime, ...]:
    """Return the minutes from 2015 to 2040 at which the clocks of `zone` are set."""
    clock, step = ZoneInfo(zone), timedelta(hours=24)
    found, moment = [], _FIRST
    before = moment.astimezone(clock).utcoffset()
    while moment < _LAST:
        after = (moment + step).astimezone(clock).utcoffset()
        if after != before:
            found.append(_halve(clock, moment, moment + step))
        moment, before = moment + step, after
    return tuple(found)


def _halve(clock: ZoneInfo, low: datetime, high: datetime) -> datetime:
    old = low.astimezone(clock).utcoffset()
    while high - low > MINUTE:
        middle = low + (high - low) // (2 * MINUTE) * MINUTE
        low, high = (middle, high) if middle.astimezone(clock).utcoffset() == old else (low, middle)
    return high


@dataclass(slots=True)
class Walk:
    """The minutes around a change of the clocks: when they are, and what the wall clock shows."""

    zone: str
    start: datetime
    end: datetime
    minutes: list[datetime] = field(default_factory=list)
    walls: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock = ZoneInfo(self.zone)
        moment = self.start
        while moment <= self.end:
            wall = moment.astimezone(clock).replace(tzinfo=None)
            self.minutes.append(moment)
            self.walls.append((wall - _EPOCH) // MINUTE)
            moment += MINUTE

    def find_starts(self, shape: timedelta | str) -> list[datetime]:
        """Return the minutes at which a window of `shape` starts; those of the first day may lack some."""
        if isinstance(shape, str):
            return self._find_fires(shape)
        minutes = shape // MINUTE
        if shape == timedelta(weeks=1):
            # 1970-01-01 was a Thursday: Monday is 4 days on.
            return self._find_shown(lambda wall: (wall - 4 * 1440) % (7 * 1440) == 0, again=None)
        if 1440 % minutes == 0:
            again = minutes if minutes < 1440 else None
            return self._find_shown(lambda wall: wall % minutes == 0, again=again)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return [moment for moment in self.minutes if (moment - epoch) // MINUTE % minutes == 0]

    def _find_fires(self, cron: str) -> list[datetime]:
        matches = _read_cron(cron)
        if cron.startswith("*") or cron.split()[1].startswith("*"):
            # By elapsed time: what the clock repeats comes again, what it leaves out does not come.
            return [m for m, wall in zip(self.minutes, self.walls, strict=True) if matches(wall)]
        return self._find_shown(matches, again=None)

    def _find_shown(self, matches: Callable[[int], bool], again: int | None) -> list[datetime]:
        """Return the minutes at which a matching time is shown first, or has just been left out.

        A time that is shown again counts again only where at least `again` minutes lie between.
        """
        found: list[datetime] = []
        shown: dict[int, int] = {}
        for place in range(1, len(self.minutes)):
            before, wall = self.walls[place - 1], self.walls[place]
            passed = [one for one in range(before + 1, wall + 1) if matches(one)] if wall > before else []
            if wall <= before and matches(wall):
                passed = [wall]
            fresh = [
                one
                for one in passed
                if one not in shown or (again is not None and place - shown[one] >= again)
            ]
            shown.update(dict.fromkeys(fresh, place))
            if fresh:
                found.append(self.minutes[place])
        return found


class Matches:
    """Whether cron fields name a minute of the wall clock, counted from 1970."""

    def __init__(self, allowed: Sequence[frozenset[int]]) -> None:
        self._allowed = allowed

    def __call__(self, wall: int) -> bool:
        moment = _EPOCH + wall * MINUTE
        fields = (moment.minute, moment.hour, moment.isoweekday() % 7)
        return all(value in allowed for value, allowed in zip(fields, self._allowed, strict=True))


def _read_cron(cron: str) -> Matches:
    minute, hour, day, month, weekday = cron.split()
    assert (day, month) == ("*", "*"), "the walker knows minutes, hours and weekdays"
    return Matches([_read_field(minute, 60), _read_field(hour, 24), _read_field(weekday, 7)])


def _read_field(text: str, size: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        ends = (0, size - 1) if span == "*" else (int(low), int(high or low))
        found.update(range(ends[0], ends[1] + 1, int(step or 1)))
    return frozenset(found)


def compare_windows(walk: Walk, shape: str) -> tuple[int, list[str]]:
    """Return how many windows were compared with the walk, and what is wrong with them."""
    wanted = SHAPES[shape]
    schedule = (
        Schedule(cron=wanted, timezone=walk.zone)
        if isinstance(wanted, str)
        else Schedule(every=wanted, timezone=walk.zone)
    )
    # Near its beginning a walk has not seen what was shown before.
    starts = [one for one in walk.find_starts(wanted) if one >= walk.start + timedelta(days=1, hours=6)]
    if len(starts) < 2:
        return 0, []
    windows = list(windows_between(schedule, starts[0], starts[-1]))
    expected = list(pairwise(starts))
    found = [(window.start, window.end) for window in windows]
    name = f"{walk.zone}, {shape}, around {walk.start + _BEFORE:%Y-%m-%d}"
    wrong = [f"{name}: wanted {a} to {b}" for a, b in sorted(set(expected) - set(found))[:2]]
    wrong += [f"{name}: there is {a} to {b}" for a, b in sorted(set(found) - set(expected))[:2]]
    if found == expected:
        middle = windows[len(windows) // 2]
        inside = (middle.start, middle.start + (middle.end - middle.start) / 2, middle.end - MINUTE)
        wrong += [f"{name}: {m} is not in {middle}" for m in inside if window_at(schedule, m) != middle]
    return len(expected), wrong


def list_places(zones: int, changes: int, seed: int = 1) -> Iterator[Walk]:
    """Yield walks around at most `changes` changes of each of `zones` zones; or a quiet week."""
    random = Random(seed)
    names = list_zones()
    for zone in random.sample(names, min(zones, len(names))):
        found = find_changes(zone)
        quiet = (datetime(2024, random.randrange(1, 13), 15, tzinfo=UTC),)
        for change in random.sample(found, min(changes, len(found))) or quiet:
            yield Walk(zone, change - _BEFORE, change + _AFTER)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare as many zones and changes as the command line asks for, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zones", type=int, default=20)
    parser.add_argument("--changes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    started, compared, wrong = time.perf_counter(), Counter[str](), []
    for number, walk in enumerate(list_places(chosen.zones, chosen.changes, chosen.seed)):
        for shape in SHAPES:
            count, said = compare_windows(walk, shape)
            compared[shape] += count
            wrong += said
        compared["walks"] = number + 1
    total = sum(count for shape, count in compared.items() if shape != "walks")
    print(f"{total} windows, {compared['walks']} walks, {time.perf_counter() - started:.0f} s")
    print("\n".join(f"{shape:45} {compared[shape]:9}" for shape in SHAPES))
    print("\n".join([*wrong[:50], f"{len(wrong)} wrong"]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
