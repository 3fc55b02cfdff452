"""What goes on at each destination, so that none of them can hold up the others.

A destination that takes long, or of which nothing is known yet, gets one delivery at a time, and all of these
together at most half of the pool; the others get two at a time each. One that says how much it takes gets no
more than that.

*Why one that is not known counts as slow:* a receiver that never answers would fill the whole pool before its
first attempt is over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from driftwatch.channels.contract import Channel

__all__ = ["POOL_SIZE", "SLOW_SECONDS", "Traffic"]

POOL_SIZE: Final = 8
"""So many deliveries are sent at the same time."""
SLOW_SECONDS: Final = 5.0
"""A destination that takes longer than this on average is slow."""

_AT_ONCE: Final = 2
_WEIGHT: Final = 0.3


@dataclass(slots=True)
class _Lane:
    """One destination: its average seconds, None before the first, and how much it takes now."""

    average: float | None = None
    tokens: float | None = None
    filled_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Flight:
    """A delivery that a thread is sending since `started`, in monotonic seconds."""

    channel: str
    started: float
    thread: threading.Thread


class Traffic:
    """The destinations of one process; its methods may be called from several threads."""

    def __init__(self, *, size: int = POOL_SIZE) -> None:
        if size < 1:
            raise ValueError(f"a pool needs at least 1 place, not {size}")
        self.size = size
        self._lanes: dict[str, _Lane] = {}
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.RLock()

    @contextmanager
    def choosing(self) -> Iterator[None]:
        """Keep other threads from choosing while one does: what is closed stays closed meanwhile."""
        with self._lock:
            yield

    def list_sending(self) -> frozenset[str]:
        """Return the deliveries that other threads are sending, whatever their claims say.

        When the clock jumps every claim has run out, and yet they are on their way.
        """
        with self._lock:
            return frozenset(name for name, flight in self._flights.items() if _is_elsewhere(flight))

    def list_closed(self, channels: Mapping[str, Channel], now: float) -> frozenset[str]:
        """Return the channels that can take nothing at `now`, in monotonic seconds."""
        with self._lock:
            flights = self._list_flights()
            crowd = sum(self._is_slow(flight.channel, flights, now) for flight in flights)
            full = crowd >= max(1, self.size // 2)
            return frozenset(
                name
                for name, channel in channels.items()
                if self._is_closed(name, flights, now, full=full)
                or self._count_tokens(name, channel, now) < 1
            )

    def find_wait(self, channels: Mapping[str, Channel], now: float) -> float | None:
        """Return after how many seconds a channel that is closed for its rate alone takes something again."""
        with self._lock:
            flights, waits = self._list_flights(), []
            for name, channel in channels.items():
                rate, left = _find_rate(channel), self._count_tokens(name, channel, now)
                if rate is not None and left < 1 and not self._is_closed(name, flights, now, full=False):
                    waits.append((1 - left) / rate)
            return min(waits, default=None)

    def enter(self, delivery: str, name: str, channel: Channel | None, now: float) -> None:
        """Note that this thread begins to send a delivery to the channel called `name`."""
        with self._lock:
            self._flights[delivery] = _Flight(name, now, threading.current_thread())
            if channel is not None and _find_rate(channel) is not None:
                self._find(name).tokens = self._count_tokens(name, channel, now) - 1

    def note_seconds(self, name: str, seconds: float) -> None:
        """Note how long an attempt at a channel took."""
        with self._lock:
            lane = self._find(name)
            known = lane.average
            lane.average = seconds if known is None else known + _WEIGHT * (seconds - known)

    def leave(self, delivery: str) -> None:
        """Note that this thread is done with a delivery."""
        with self._lock:
            self._flights.pop(delivery, None)

    def _find(self, name: str) -> _Lane:
        return self._lanes.setdefault(name, _Lane())

    def _list_flights(self) -> list[_Flight]:
        return [flight for flight in self._flights.values() if _is_elsewhere(flight)]

    def _is_closed(self, name: str, flights: Sequence[_Flight], now: float, *, full: bool) -> bool:
        there = sum(flight.channel == name for flight in flights)
        if self._is_slow(name, flights, now):
            return full or there >= 1
        return there >= _AT_ONCE

    def _is_slow(self, name: str, flights: Sequence[_Flight], now: float) -> bool:
        if any(one.channel == name and now - one.started > SLOW_SECONDS for one in flights):
            return True
        average = self._find(name).average
        return average is None or average > SLOW_SECONDS

    def _count_tokens(self, name: str, channel: Channel, now: float) -> float:
        rate, lane = _find_rate(channel), self._find(name)
        if rate is None:
            return 1.0
        most = max(1.0, rate)
        if lane.tokens is None:
            lane.tokens = most
        else:
            lane.tokens = min(most, lane.tokens + max(0.0, now - lane.filled_at) * rate)
        lane.filled_at = now
        return lane.tokens


def _is_elsewhere(flight: _Flight) -> bool:
    """Return whether another thread is under way with it; one that is gone does not come back."""
    return flight.thread.is_alive() and flight.thread is not threading.current_thread()


def _find_rate(channel: Channel) -> float | None:
    """Return how many notices a second a channel takes, None where it sets no limit."""
    rate: float | None = getattr(channel, "per_second", None)
    return rate
