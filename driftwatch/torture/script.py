"""What happens to the monitors of a run, drawn from its seed: which batch arrives in which window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

__all__ = ["WINDOW", "Batch", "Part", "Script", "draw_parts", "draw_rows"]

WINDOW = timedelta(minutes=1)
"""How long the windows of every monitor are."""

_ROWS = 24
_STAY = 0.8


class Batch(StrEnum):
    """What arrives in one window."""

    CALM = "calm"  # Rows as in the reference.
    MOVED = "moved"  # `x` has moved as a whole.
    GAPPY = "gappy"  # `y` lacks most of its values; `x` is calm.
    BOTH = "both"  # `x` has moved and `y` lacks values.
    EMPTY = "empty"  # No row at all.
    UNREADABLE = "unreadable"  # A document in it is cut off: the query fails, at every try.


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One monitor: what it asks for, and its batches, window by window.

    An incident opens after `k` breached windows among the last `of` and resolves after `resolve_after` clean
    ones.
    """

    name: str
    k: int
    of: int
    resolve_after: int
    batches: tuple[Batch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole run: `first` is the start of every monitor's first window after its reference."""

    seed: int
    first: datetime
    channels: tuple[str, ...]
    parts: tuple[Part, ...]

    def find_start(self, place: int) -> datetime:
        """Return the start of the window at `place`, counted from 0."""
        return self.first + place * WINDOW


def draw_parts(seed: int, *, monitors: int, windows: int) -> tuple[Part, ...]:
    """Return `monitors` monitors with `windows` windows each; the same for the same seed."""
    return tuple(_draw_part(seed, place, windows) for place in range(monitors))


def draw_rows(seed: list[int], batch: Batch) -> list[tuple[str, int | None]]:
    """Return the rows of a batch as (document with `x`, `y`); none for an empty one."""
    if batch is Batch.EMPTY:
        return []
    rng = np.random.default_rng(seed)
    moved = 5.0 if batch in {Batch.MOVED, Batch.BOTH} else 0.0
    values = rng.random(_ROWS) + moved
    # More than half: what is critical is told however often it comes and goes.
    gaps = set(range(_ROWS * 2 // 3)) if batch in {Batch.GAPPY, Batch.BOTH} else set()
    rows: list[tuple[str, int | None]] = [
        (f'{{"x": {value:.9f}}}', None if at in gaps else int(rng.integers(0, 50)))
        for at, value in enumerate(values)
    ]
    if batch is Batch.UNREADABLE:
        rows[len(rows) // 2] = ('{"x": 0.5', 1)
    return rows


def _draw_part(seed: int, place: int, windows: int) -> Part:
    rng = np.random.default_rng([seed, place])
    k, of = ((1, 1), (2, 2), (2, 3), (1, 1))[int(rng.integers(0, 4))]
    batches = tuple(_draw_batches(rng, windows))
    return Part(name=f"m{place:03}", k=k, of=of, resolve_after=int(rng.integers(1, 4)), batches=batches)


def _draw_batches(rng: np.random.Generator, windows: int) -> Iterator[Batch]:
    """Yield spells of calm and moved windows, with something else in between now and then."""
    moved = False
    for _ in range(windows):
        if rng.random() > _STAY:
            moved = not moved
        odd = rng.random()
        if odd < 0.07:
            yield Batch.EMPTY
        elif odd < 0.11:
            yield Batch.UNREADABLE
        elif odd < 0.22:
            yield Batch.BOTH if moved else Batch.GAPPY
        else:
            yield Batch.MOVED if moved else Batch.CALM
