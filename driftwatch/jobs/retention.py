"""How long what was judged and told is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Retention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept, from when a window was judged or an incident ended.

    The counts of windows are kept as they were counted for `full` and coarsely until `coarse`; verdicts with
    findings and statistics, incidents that are resolved and what was told of them until `findings`. Raises
    ValueError unless full ≤ coarse ≤ findings.
    """

    full: timedelta = timedelta(days=35)
    coarse: timedelta = timedelta(days=400)
    findings: timedelta = timedelta(days=730)

    def __post_init__(self) -> None:
        if self.full > self.coarse:
            raise ValueError("coarse must not be shorter than full")
        if self.coarse > self.findings:
            raise ValueError("findings must not be shorter than coarse")
