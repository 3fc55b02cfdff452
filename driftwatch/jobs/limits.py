"""What reading one window may cost before it is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

__all__ = ["LEAST_MEMORY", "Limits", "say_size"]

MIB: Final = 1 << 20

LEAST_MEMORY: Final = 64 * MIB
"""With less, not even a small file could be read."""

_UNITS: Final = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one window, or the whole reference, may take.

    `memory` is in bytes, and on top of what the reading child itself needs. `cpu` is time of processors,
    `wall` that of a clock. Raises ValueError where nothing could be read within them.
    """

    memory: int = 2 << 30
    cpu: timedelta = timedelta(minutes=5)
    wall: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        if self.memory < LEAST_MEMORY:
            raise ValueError(f"memory wants at least {say_size(LEAST_MEMORY)}, not {say_size(self.memory)}")
        for name, length in (("cpu", self.cpu), ("wall", self.wall)):
            if length < timedelta(seconds=1):
                raise ValueError(f"{name} wants at least 1 second")


def say_size(size: int) -> str:
    """Return a number of bytes in the largest unit that divides it.

    >>> say_size(2 << 30)
    '2 GiB'
    >>> say_size(1536 << 20)
    '1536 MiB'
    """
    for unit, length in _UNITS:
        if size % length == 0 and size:
            return f"{size // length} {unit}"
    return f"{size} bytes"
