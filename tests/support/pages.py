"""How often people were told: what a promise of so many false pages is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["MONTH", "Figures", "average_figures", "count_pages"]

MONTH = 30
"""Windows in a month of daily windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the pages of one run, or the mean of several, come to.

    `pages_per_1000` is for 1,000 windows. `crowded_share`, 0 to 1, is the share of whole months with two
    pages or more.
    """

    pages_per_1000: float
    crowded_share: float


def count_pages(tellings: Sequence[bool], month: int = MONTH) -> Figures:
    """Return the figures of windows in a row; an entry says whether somebody was told in that window.

    Months of `month` windows follow one another from the first window; what is left over at the end counts
    as pages and makes no month. Raises ValueError for less than a month.

    >>> count_pages([True, True] + [False] * 58)
    Figures(pages_per_1000=33.333333333333336, crowded_share=0.5)
    """
    months = len(tellings) // month
    if months == 0:
        raise ValueError(f"{len(tellings)} windows are less than a month of {month}")
    crowded = sum(sum(tellings[month * place : month * (place + 1)]) >= 2 for place in range(months))
    return Figures(pages_per_1000=1000 * sum(tellings) / len(tellings), crowded_share=crowded / months)


def average_figures(figures: Sequence[Figures]) -> Figures:
    """Return the mean over runs of equal length, one for each seed. Raises ValueError without runs."""
    if not figures:
        raise ValueError("nothing to average")
    return Figures(
        pages_per_1000=sum(found.pages_per_1000 for found in figures) / len(figures),
        crowded_share=sum(found.crowded_share for found in figures) / len(figures),
    )
