"""What pruning did, and in which portions it does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from driftwatch.store.pruning import MOST_ROWS, OldVerdict

__all__ = ["Pruned", "split_verdicts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was thinned out and dropped.

    Verdicts whose counts were made coarse, and whose counts were dropped; verdicts, incidents, deliveries,
    calibrations, references, markers, and scores of rolling references beside others, that were dropped.
    """

    coarse: int = 0
    counts: int = 0
    verdicts: int = 0
    incidents: int = 0
    deliveries: int = 0
    calibrations: int = 0
    references: int = 0
    scores: int = 0
    markers: int = 0

    def add(self, **more: int) -> Pruned:
        """Return this and so much more, by the names of the fields."""
        return replace(self, **{name: getattr(self, name) + count for name, count in more.items()})

    @property
    def is_nothing(self) -> bool:
        """Return whether there was nothing to do."""
        return self == Pruned()


def split_verdicts(olds: Sequence[OldVerdict], columns: dict[int, int]) -> Iterator[list[OldVerdict]]:
    """Yield verdicts in parts of about `MOST_ROWS` rows with what belongs to them."""
    part: list[OldVerdict] = []
    rows = 0
    for old in olds:
        part.append(old)
        rows += 1 + columns.get(old.reference_version or 0, 0)
        if rows >= MOST_ROWS:
            yield part
            part, rows = [], 0
    if part:
        yield part
