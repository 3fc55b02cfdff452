"""What kind of change it is, where the counts show it: the story that explains most of the distance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid
from driftwatch.statistics.affine import find_affine, find_shift_and_scale
from driftwatch.statistics.change_kind import Change, ChangeKind
from driftwatch.statistics.cumulative import measure_distance
from driftwatch.statistics.flood import find_flood, find_truncation
from driftwatch.statistics.moved_share import bound_moved_share
from driftwatch.statistics.name_change import find_name_change
from driftwatch.statistics.rates import rate_p_value
from driftwatch.statistics.shape import build_shape

__all__ = ["find_change"]

# A story is looked for where chance explains nothing: 1 in 1,000 columns without a change.
_ALPHA = 0.001
# The distance that chance alone exceeds in 5 % of cases, at an effective size of 1.
_NOISE = 1.358
_MUCH_MORE = 0.1


def find_change(reference: Counts, current: Counts) -> Change | None:
    """Return what kind of change it is, with its numbers; None where no change can be shown.

    Parameters
    ----------
    reference, current
        Counts of a column on the same grid, with their sums.

    Returns
    -------
    Change or None
        `ChangeKind.OTHER` where there is a change that no simple story explains.

    Notes
    -----
    1. Nothing is said unless values can be shown to have moved, or more rows to be missing, at 1 in 1,000.
    2. Missing rows are told where they are more than the values that moved.
    3. Of numbers a story has to leave at most a quarter of the distance, or what chance gives, at most half.
       Told is the one that leaves least, the first of those that leave about as little: values put at a
       bound, a flood of one value, another unit, a shift, a scale. Where none of them holds, or one of
       these two explains a tenth more: rows beyond a bound are gone, shift and scale together.
    4. Of names: renamed, a flood of one rare name, another mix.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.profiles.counts import count_numbers
    >>> from driftwatch.profiles.grid import build_number_grid
    >>> values = np.arange(1000.0)
    >>> grid = build_number_grid(values)
    >>> usual, moved = count_numbers(grid, values), count_numbers(grid, values - 200)
    >>> found = find_change(usual, moved)
    >>> found.kind.value, found.before, found.after
    ('shift', 499.0, 299.0)
    >>> find_change(usual, usual) is None
    True
    """
    moved = bound_moved_share(reference, current, alpha=_ALPHA)
    missing = _find_missing(reference, current)
    if missing is not None and missing.share is not None and missing.usual_share is not None:
        # Both as shares of all rows of the batch.
        present = 1 - missing.share
        if missing.share - missing.usual_share >= moved * present:
            return missing
    if moved == 0:
        return None
    if isinstance(reference.grid, CategoryGrid):
        return find_name_change(reference.grid, reference, current)
    return _find_number_change(reference, current)


def _find_missing(reference: Counts, current: Counts) -> Change | None:
    usual, hits = reference.missing + reference.nan, current.missing + current.nan
    if hits == 0 or reference.rows == 0:
        return None
    share, usual_share = hits / current.rows, usual / reference.rows
    if share <= usual_share or rate_p_value(usual, reference.rows, hits, current.rows) > _ALPHA:
        return None
    return Change(kind=ChangeKind.MISSING, explained=1.0, share=share, usual_share=usual_share)


def _find_number_change(reference: Counts, current: Counts) -> Change:
    bounds = measure_distance(reference, current)
    ours, theirs = build_shape(reference), build_shape(current)
    other = Change(
        kind=ChangeKind.OTHER,
        explained=0.0,
        before=ours.find_quantile(0.5) if ours else None,
        after=theirs.find_quantile(0.5) if theirs else None,
    )
    if bounds is None or ours is None:
        return other
    distance = bounds[0]
    infinite = current.positive_infinite + current.negative_infinite
    noise = _NOISE * math.sqrt(1 / reference.values + 1 / (current.values + infinite))
    if theirs is None or infinite:
        return find_flood(reference, current, ours, distance, noise) or other
    simple = _choose(
        (
            lambda: find_truncation(ours, theirs, distance, noise, clipped=True),
            lambda: find_flood(reference, current, ours, distance, noise),
            lambda: find_affine(ours, theirs, distance, noise),
        ),
        noise / distance,
    )
    wanted = 0.0 if simple is None else simple.explained + max(_MUCH_MORE, noise / distance)
    if wanted >= 1:
        return simple or other
    longer = _choose(
        (
            lambda: find_truncation(ours, theirs, distance, noise, clipped=False),
            lambda: find_shift_and_scale(ours, theirs, distance, noise),
        ),
        noise / distance,
    )
    if simple is None or longer is None:
        return simple or longer or other
    return longer if longer.explained > wanted else simple


def _choose(stories: Sequence[Callable[[], Change | None]], noise: float) -> Change | None:
    """Return the first story that explains as much as the best one, but for half of what chance gives.

    Once none of the others can explain so much more than the first, they are not looked for.
    """
    told: list[Change] = []
    for find in stories:
        story = find()
        if story is not None:
            told.append(story)
            if told[0].explained >= 1 - noise / 2:
                break
    most = max((story.explained for story in told), default=0.0)
    return next((story for story in told if story.explained >= most - noise / 2), None)
