"""How often somebody may ask, and how long somebody who guessed wrong must wait; kept for so many at most.

*Why in memory, and so for each replica by itself:* a row for each wrong guess would let strangers write to
the store as fast as they can ask. What is forgotten with a restart is at most one minute of waiting.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

__all__ = ["Buckets", "Delays", "measure_delay"]

MOST: Final = 10_000
"""How many names and addresses are remembered; the one that was quiet for longest is forgotten first."""

_T = TypeVar("_T")
_NONE: Final = timedelta(0)
_BURST: Final = 10


class _Recent(Generic[_T]):
    """The latest values by name, a bounded number of them."""

    def __init__(self, most: int) -> None:
        self._values: OrderedDict[str, _T] = OrderedDict()
        self._most = most

    def get(self, name: str) -> _T | None:
        return self._values.get(name)

    def put(self, name: str, value: _T) -> None:
        self._values[name] = value
        self._values.move_to_end(name)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    def drop(self, name: str) -> None:
        self._values.pop(name, None)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """How much of a bucket was left at a moment."""

    left: float
    at: datetime


class Buckets:
    """Lets everybody ask so many times a second, and ten times as many at once; may be shared by threads.

    >>> buckets, noon = Buckets(), datetime(2024, 5, 1, 12)
    >>> [buckets.take("ana", noon, rate=0.2).total_seconds() for _ in range(3)]
    [0.0, 0.0, 5.0]
    >>> buckets.take("ana", noon + timedelta(seconds=5), rate=0.2).total_seconds()
    0.0
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._levels: _Recent[_Level] = _Recent(most)
        self._lock = threading.Lock()

    def take(self, name: str, now: datetime, *, rate: float) -> timedelta:
        """Count one request of somebody, and return how long it must wait: not at all, or it is refused."""
        with self._lock:
            known = self._levels.get(name)
            left = _BURST * rate if known is None else _fill(known, now, rate)
            if left < 1:
                return timedelta(seconds=(1 - left) / rate)
            self._levels.put(name, _Level(left=left - 1, at=now))
            return _NONE

    def __len__(self) -> int:
        return len(self._levels)


def _fill(known: _Level, now: datetime, rate: float) -> float:
    # A clock that was set back takes nothing away.
    passed = max(now - known.at, _NONE).total_seconds()
    return min(_BURST * rate, known.left + passed * rate)


def measure_delay(failures: int, *, free: int, longest: timedelta) -> timedelta:
    """Return how long to wait after so many failures in a row: twice as long each time, after `free` of them.

    >>> [measure_delay(n, free=3, longest=timedelta(minutes=1)).seconds for n in (1, 3, 4, 5, 6, 60)]
    [0, 0, 1, 2, 4, 60]
    """
    if failures <= free:
        return _NONE
    return min(longest, timedelta(seconds=2 ** min(failures - free - 1, 30)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failures:
    """How often somebody failed in a row, and until when nothing more is tried."""

    count: int
    until: datetime


class Delays:
    """Makes whoever fails wait ever longer; may be shared by threads.

    An attempt is counted as failed before it is judged, so that many at once are not many for free.
    """

    def __init__(self, *, free: int, longest: timedelta, most: int = MOST) -> None:
        self._free = free
        self._longest = longest
        self._failures: _Recent[_Failures] = _Recent(most)
        self._lock = threading.Lock()

    def begin(self, name: str, now: datetime) -> timedelta:
        """Count one attempt, and return how long to wait before it may be made: not at all, or it may not."""
        with self._lock:
            known = self._failures.get(name)
            if known is not None and now < known.until:
                return known.until - now
            count = 1 if known is None else known.count + 1
            wait = measure_delay(count, free=self._free, longest=self._longest)
            self._failures.put(name, _Failures(count=count, until=now + wait))
            return _NONE

    def forgive(self, name: str) -> None:
        """Forget the failures of somebody who succeeded."""
        with self._lock:
            self._failures.drop(name)

    def take_back(self, name: str, now: datetime) -> None:
        """Count one attempt as no failure after all, and leave those before it as they are."""
        with self._lock:
            known = self._failures.get(name)
            if known is not None:
                self._failures.put(name, _Failures(count=known.count - 1, until=now))

    def __len__(self) -> int:
        return len(self._failures)
