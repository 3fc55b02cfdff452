"""Times as JSON carries them: UTC, ISO 8601, ending in Z."""

from __future__ import annotations

from datetime import UTC, datetime

from driftwatch.profiles.window import Window

__all__ = ["decode_window", "encode_window", "read_stamp", "write_stamp"]


def write_stamp(moment: datetime) -> str:
    """Return an aware `moment` in UTC, with microseconds only where there are any.

    Raises ValueError when `moment` has no time zone.

    >>> write_stamp(datetime(2013, 2, 8, tzinfo=UTC))
    '2013-02-08T00:00:00Z'
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_stamp(text: str) -> datetime:
    """Return the time that `write_stamp` wrote. Raises ValueError when `text` has no time zone.

    >>> read_stamp("2013-02-08T00:00:00Z")
    datetime.datetime(2013, 2, 8, 0, 0, tzinfo=datetime.timezone.utc)
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)


def encode_window(window: Window) -> list[str]:
    """Return the start and the end of a window as stamps."""
    return [write_stamp(window.start), write_stamp(window.end)]


def decode_window(stamps: list[str]) -> Window:
    """Return the window that `encode_window` wrote."""
    start, end = stamps
    return Window(start=read_stamp(start), end=read_stamp(end))
