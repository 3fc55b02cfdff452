"""Which windows a schedule cuts event time into, when they fall due, and what their season is (pure).

A window that divides a day starts at local midnight and runs by the wall clock: `1d` is a local day of
23, 24 or 25 hours, and `6h` starts at 00:00, 06:00, 12:00 and 18:00 whatever the clocks do. A start that
the clocks jump over happens at the jump; a start that they repeat counts once, or twice where a whole
window fits between the two (so that `1h` gives 25 windows on the day the clocks go back). `1w` starts on
Monday, any other length counts from 1970-01-01 UTC, and a cron schedule has its windows between
successive fires.

*Why the wall clock:* what the window from 06:00 to 12:00 holds is compared with other mornings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from driftwatch.profiles.window import Window

__all__ = [
    "LONGEST_WINDOW",
    "SHORTEST_WINDOW",
    "Schedule",
    "count_cycle",
    "due_at",
    "find_local",
    "find_usual_length",
    "next_window",
    "season_cycle",
    "window_at",
    "windows_between",
]

SHORTEST_WINDOW: Final = timedelta(minutes=1)
LONGEST_WINDOW: Final = timedelta(days=3650)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = datetime(1902, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2900, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_LONGEST_CYCLE: Final = 96
_SECOND: Final = timedelta(seconds=1)
_UNITS: Final = ((604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))
# Fires near a change of the clocks are found from well before it: no clock was put back further than this.
_LONGEST_FOLD: Final = timedelta(hours=4)
_FIRES_SAMPLED: Final = 60
_SAMPLED_FROM: Final = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Windows of the length `every`, or between successive fires of the five fields of `cron`.

    Exactly one of the two is given. `timezone` is a zoneinfo name. Raises ValueError when they do not fit.

    >>> str(Schedule(every=timedelta(hours=36), timezone="Europe/Paris"))
    '36h'
    """

    every: timedelta | None = None
    cron: str | None = None
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        if (self.every is None) == (self.cron is None):
            raise ValueError("a schedule has either a length or cron fields")
        if self.every is not None:
            _check_length(self.every)
        if self.cron is not None:
            _check_cron(self.cron, self.timezone)

    def __str__(self) -> str:
        """Return the length, or the cron fields, as the configuration has them."""
        if self.every is None:
            return str(self.cron)
        seconds = self.every // _SECOND
        size, unit = next(pair for pair in _UNITS if seconds % pair[0] == 0)
        return f"{seconds // size}{unit}"


def window_at(schedule: Schedule, moment: datetime) -> Window:
    """Return the window that contains `moment`, an aware time from 1902 to 2900.

    >>> str(window_at(Schedule(every=timedelta(days=1)), datetime(2013, 2, 8, 5, tzinfo=UTC)))
    '2013-02-08T00:00:00Z/2013-02-09T00:00:00Z'
    """
    start, end = next(pairwise(_walk_edges(schedule, moment)), (None, None))
    if start is None or end is None:
        raise ValueError(f"{schedule} has no window at {moment}")
    return Window(start=start, end=end)


def next_window(schedule: Schedule, window: Window) -> Window:
    """Return the window that starts where `window` ends."""
    return window_at(schedule, window.end)


def windows_between(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Window]:
    """Return the windows that lie wholly between `start` and `end`, in order.

    >>> days = windows_between(
    ...     Schedule(every=timedelta(days=1)),
    ...     datetime(2013, 2, 1, 12, tzinfo=UTC),
    ...     datetime(2013, 2, 4, tzinfo=UTC),
    ... )
    >>> [day.start.day for day in days]
    [2, 3]
    """
    _check_moment(end)
    for opened, closed in pairwise(_walk_edges(schedule, start)):
        if closed > end:
            return
        if opened >= start:
            yield Window(start=opened, end=closed)


def due_at(window: Window, delay: timedelta) -> datetime:
    """Return when `window` may be read: once it has closed and its rows have had `delay` to arrive."""
    return window.end + delay


def season_cycle(schedule: Schedule) -> timedelta:
    """Return how long it takes until windows of the same season come round again.

    24 hours for windows shorter than a day, 7 days for daily ones, 4 windows beyond. A cron schedule counts
    by its usual length, the median between successive fires.

    >>> season_cycle(Schedule(cron="0 6 * * 1-5")).days
    7
    """
    length = find_usual_length(schedule)
    if length < _DAY:
        return _DAY
    return _WEEK if length == _DAY else 4 * length


def count_cycle(schedule: Schedule) -> int:
    """Return how many windows the longer scale adds up: those of a season cycle, and 96 at most.

    *Why at most:* a day has 1,440 minutes, and the counts of each are kept at hand, and read again by
    whoever takes the monitor up.

    >>> count_cycle(Schedule(every=timedelta(hours=1))), count_cycle(Schedule(every=timedelta(minutes=1)))
    (24, 96)
    """
    cycle = season_cycle(schedule) / find_usual_length(schedule)
    return min(_LONGEST_CYCLE, max(1, round(cycle)))


def find_local(wall: datetime, timezone: str) -> datetime:
    """Return the first moment, in UTC, at which clocks in `timezone` show the naive time `wall`.

    Where the clocks jump over it, that is the moment of the jump.

    >>> find_local(datetime(2024, 3, 31, 2, 30), "Europe/Paris").isoformat()
    '2024-03-31T01:00:00+00:00'
    """
    zone = ZoneInfo(timezone)
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if _offset(first) >= _offset(second):
        return first.astimezone(UTC)
    return _find_jump(second.astimezone(UTC), first.astimezone(UTC), zone)


def _find_jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first whole second after `before` at which the offset is no longer that of `before`."""
    old = _offset(before.astimezone(zone))
    low, high = before.replace(microsecond=0), after.replace(microsecond=0) + _SECOND
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _offset(middle.astimezone(zone)) == old:
            low = middle
        else:
            high = middle
    return high


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def _walk_edges(schedule: Schedule, moment: datetime) -> Iterator[datetime]:
    """Yield the starts of windows in order, from the last one at or before `moment`."""
    _check_moment(moment)
    if schedule.cron is not None:
        yield from _walk_fires_from(schedule.cron, schedule.timezone, moment)
        return
    every = schedule.every or _DAY
    if every != _WEEK and _DAY % every:
        edge = _EPOCH + (moment - _EPOCH) // every * every
        while True:
            yield edge
            edge += every
    edge = moment
    while True:
        edges = _find_edges(every, schedule.timezone, edge.astimezone(ZoneInfo(schedule.timezone)).date())
        place = bisect_right(edges, edge)
        if edge == moment:
            yield edges[place - 1]
        edge = edges[place]
        yield edge


@lru_cache(maxsize=64)
def _find_edges(every: timedelta, timezone: str, day: date) -> tuple[datetime, ...]:
    """Return the starts of windows from before the local `day` to after it, in order."""
    span = 8 if every == _WEEK else 2
    days = (day + timedelta(days=shift) for shift in range(-span, span + 1))
    return tuple(sorted({edge for one in days for edge in _find_edges_of_day(every, timezone, one)}))


@lru_cache(maxsize=256)
def _find_edges_of_day(every: timedelta, timezone: str, day: date) -> tuple[datetime, ...]:
    if every == _WEEK and day.weekday() != 0:
        return ()
    midnight = datetime.combine(day, time())
    walls = (midnight + shift * every for shift in range(max(1, _DAY // every)))
    return tuple(edge for wall in walls for edge in _find_starts(wall, every, timezone))


def _find_starts(wall: datetime, every: timedelta, timezone: str) -> Iterator[datetime]:
    yield find_local(wall, timezone)
    zone = ZoneInfo(timezone)
    second = wall.replace(tzinfo=zone, fold=1)
    repeated = _offset(wall.replace(tzinfo=zone, fold=0)) - _offset(second)
    if every < _DAY and repeated >= every:
        yield second.astimezone(UTC)


def _walk_fires_from(cron: str, timezone: str, moment: datetime) -> Iterator[datetime]:
    zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
    # Backwards the fires around a change of the clocks can differ, so only forward ones count.
    before = list(islice(CronSim(cron, moment.astimezone(zone), reverse=True), 3))
    anchor = min([moment, *(fire.astimezone(UTC) for fire in before)]) - _LONGEST_FOLD
    last: datetime | None = None
    for fire in _walk_fires(cron, timezone, anchor):
        if last is not None and fire > moment:
            yield last
        last = fire
    if last is not None:
        yield last


def _walk_fires(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """Yield the fires after `after`, each moment once: two that the clocks jump over are one."""
    zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
    last = after
    for fire in CronSim(cron, after.astimezone(zone)):
        moment = fire.astimezone(UTC)
        if moment > last:
            last = moment
            yield moment


def find_usual_length(schedule: Schedule) -> timedelta:
    """Return how long a window is, or the median length between successive fires of a cron schedule."""
    if schedule.every is not None:
        return schedule.every
    fires = islice(_walk_fires(str(schedule.cron), schedule.timezone, _SAMPLED_FROM), _FIRES_SAMPLED)
    return timedelta(seconds=median((after - before).total_seconds() for before, after in pairwise(fires)))


def _check_length(every: timedelta) -> None:
    if not SHORTEST_WINDOW <= every <= LONGEST_WINDOW or every % _SECOND:
        raise ValueError("a window is between 1m and 3650d long, in whole seconds")


def _check_cron(cron: str, timezone: str) -> None:
    if len(cron.split()) != 5:
        raise ValueError(f"cron has five fields (minute hour day month weekday), {cron!r} has not")
    try:
        fires = list(islice(_walk_fires(cron, timezone, _SAMPLED_FROM), 2))
    except CronSimError as error:
        raise ValueError(f"{str(error).lower()} in the cron fields {cron!r}") from None
    if len(fires) < 2:
        raise ValueError(f"{cron!r} never fires")


def _check_moment(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    if not _EARLIEST <= moment <= _LATEST:
        raise ValueError(f"{moment} is not between 1902 and 2900")
