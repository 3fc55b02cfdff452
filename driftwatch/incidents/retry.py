"""When something that failed is tried again.

Why this schedule: a receiver that restarts is back within seconds, one that is broken over night must not
be hammered; the spread keeps many deliveries from coming back at the same instant.
"""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["LONGEST_WAIT", "SCHEDULE", "next_attempt"]

SCHEDULE: tuple[timedelta, ...] = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
)
"""How long to wait after so many failed attempts; hourly when these are used up."""

LONGEST_WAIT = timedelta(hours=1)
"""What a receiver asks for with Retry-After is obeyed up to here."""

_HOURLY = timedelta(hours=1)
_SPREAD = 0.2


def next_attempt(attempts: int, *, now: datetime, retry_after: timedelta | None, spread: float) -> datetime:
    """Return when to try again after `attempts` failed attempts; 0 means at once.

    `spread`, −1 to 1, moves the wait by up to a fifth, but never to before what the receiver asked for.
    Raises ValueError when `attempts` is negative or `spread` out of range.

    >>> from datetime import UTC
    >>> noon = datetime(2013, 2, 8, 12, tzinfo=UTC)
    >>> next_attempt(3, now=noon, retry_after=None, spread=0.0) - noon
    datetime.timedelta(seconds=120)
    """
    if attempts < 0:
        raise ValueError(f"attempts cannot be negative: {attempts}")
    if not -1.0 <= spread <= 1.0:
        raise ValueError(f"spread must lie between -1 and 1, not {spread}")
    scheduled = SCHEDULE[attempts] if attempts < len(SCHEDULE) else _HOURLY
    asked = min(max(retry_after or timedelta(0), timedelta(0)), LONGEST_WAIT)
    return now + max(asked, max(scheduled, asked) * (1 + _SPREAD * spread))
