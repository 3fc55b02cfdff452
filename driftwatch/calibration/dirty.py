"""Blocks that a reference would be better without: odd, empty and repeated ones, named when it is built.

*Why:* a fault inside the reference is what production is compared with for months. It hides the next fault
of its kind, and every ordinary window looks a little strange beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.baseline import Baseline, BlockEvidence
from driftwatch.calibration.calibration import LEAST_WINDOWS
from driftwatch.calibration.evidence import Evidence, measure
from driftwatch.calibration.layout import Aspect, Part
from driftwatch.calibration.null import find_wobble
from driftwatch.calibration.scores import score
from driftwatch.calibration.seasons import Scheme, find_season
from driftwatch.calibration.tally import Tally
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.statistics.resemblance import chance_of_repeat

__all__ = ["OddBlock", "Oddity", "find_odd_blocks"]

_SUSPECTS = 4
"""A quarter of the blocks may be odd: with more of them nobody can say which are the ordinary ones."""
_LEAST_SCORE = 4.0
"""What ordinary blocks reach by themselves: below, nothing is odd."""
_FAR = 16.0
"""So far off a block is odd whatever the others do."""
_STRETCHES = 3
"""What comes and goes more often than this is how a column is, and no fault."""
_HABIT = 10
"""Where at most a tenth of the blocks is empty, that is no habit."""
_UNLIKELY = 1e-6
"""Chance of equal counts below which two blocks are taken for one that was delivered twice."""
_WHAT = {
    Aspect.DRIFT: "the values of {column}",
    Aspect.MISSING: "the missing values of {column}",
    Aspect.BEYOND: "the range of {column}",
    Aspect.VOLUME: "the number of rows",
    Aspect.REPEATED: "the repeated keys",
}


class Oddity(StrEnum):
    """Why a block should not be part of a reference."""

    ODD = "odd"  # It is unlike the others, far beyond what they are to one another.
    EMPTY = "empty"  # It has no rows, though others at this time of the week have.
    REPEATED = "repeated"  # Its counts are those of an earlier block.


@dataclass(frozen=True, slots=True, kw_only=True)
class OddBlock:
    """A block that the reference would be better without; `text` says why, in words that follow its date."""

    window: Window
    why: Oddity
    text: str


def find_odd_blocks(
    reference: Reference, baseline: Baseline, blocks: Sequence[BlockEvidence]
) -> tuple[OddBlock, ...]:
    """Return the blocks that `reference` would be better without, in order of time, each named once.

    Parameters
    ----------
    reference, baseline
        The reference, and the same made ready. Blocks without a window are not looked at.
    blocks
        Each block with rows against the others.

    Notes
    -----
    1. The quarter of the blocks that is furthest from the rest is under suspicion.
    2. Every block is measured against the blocks that are not, so that a bad week, whose days are alike,
       is not compared with itself.
    3. Odd are those of the suspects that score over twice what the next one does, and those very far off.
    """
    found = {
        one.window: one for one in (*_find_empty(reference, baseline), *_find_repeated(reference, baseline))
    }
    for one in _find_unlike(baseline, blocks):
        found.setdefault(one.window, one)
    return tuple(found[window] for window in sorted(found))


def _find_empty(reference: Reference, baseline: Baseline) -> Iterator[OddBlock]:
    """Yield the blocks without rows, where that is no habit: neither at their time of the week nor at all."""
    zone = baseline.settings.timezone
    timed = [(block.window, block.profile.rows) for block in reference.blocks if block.window is not None]
    seasons: dict[tuple[int, int], list[int]] = {}
    for window, rows in timed:
        seasons.setdefault(_name_time(window, zone), []).append(rows)
    is_rare = _HABIT * sum(rows == 0 for _, rows in timed) <= len(timed)
    for window, rows in timed:
        alike = seasons[_name_time(window, zone)]
        if rows == 0 and (is_rare or 2 * alike.count(0) <= len(alike)):
            yield OddBlock(window=window, why=Oddity.EMPTY, text="has no rows")


def _name_time(window: Window, zone: str) -> tuple[int, int]:
    return find_season(window, Scheme.WEEKDAY, zone), find_season(window, Scheme.HOUR, zone)


def _find_repeated(reference: Reference, baseline: Baseline) -> Iterator[OddBlock]:
    """Yield the blocks with the counts of an earlier one, where chance alone does not make them equal."""
    # Ages are left out: the same dates are older a window later.
    lasting = np.array([grid.kind != "time" for grid in reference.grids.values()], dtype=bool)
    first: dict[tuple[int, int, int], tuple[Window, Profile]] = {}
    for block in reference.blocks:
        if block.window is None or block.profile.rows == 0:
            continue
        tally = baseline.inside[block.window].unpack().keep(lasting)
        key = (tally.volume, hash(tally.missing.tobytes()), hash(tally.cells.tobytes()))
        earlier, profile = first.setdefault(key, (block.window, block.profile))
        if earlier != block.window and _are_equal(reference, profile, block.profile):
            text = f"holds the same counts as the block from {earlier.start:%Y-%m-%d %H:%M} UTC"
            yield OddBlock(window=block.window, why=Oddity.REPEATED, text=text)


def _are_equal(reference: Reference, one: Profile, other: Profile) -> bool:
    names = [name for name, grid in reference.grids.items() if grid.kind != "time"]
    if not all(np.array_equal(one.columns[name].cells, other.columns[name].cells) for name in names):
        return False
    total = reference.total.columns
    chances = (chance_of_repeat(total[name], one.columns[name].values) for name in names)
    return min(chances, default=1.0) * len(reference.blocks) < _UNLIKELY


def _find_unlike(baseline: Baseline, blocks: Sequence[BlockEvidence]) -> Iterator[OddBlock]:
    if len(blocks) < LEAST_WINDOWS:
        return
    suspects = len(blocks) // _SUSPECTS
    first = _score([one.short for one in blocks], baseline, np.ones(len(blocks), dtype=bool))
    calm = np.ones(len(blocks), dtype=bool)
    calm[np.argsort(-first.max(axis=1), kind="stable")[:suspects]] = False
    windows = [one.window for one in blocks]
    scores = _score(_measure_against(baseline, windows, calm), baseline, calm)
    scores = _forgive_restless(scores, suspects)
    odd, usual = _choose_odd(scores.max(axis=1), suspects)
    for place in np.flatnonzero(odd):
        part = baseline.layout.parts[int(np.argmax(scores[place]))]
        yield OddBlock(
            window=windows[place], why=Oddity.ODD, text=_say(part, float(scores[place].max()), usual)
        )


def _score(found: Sequence[Evidence], baseline: Baseline, usual: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the scores of each block and part, with the wobble of the `usual` blocks."""
    distance = np.array([one.distance for one in found])
    chance = np.array([one.chance for one in found])
    trimmed = 0.5 / _SUSPECTS if np.all(usual) else 0.0
    wobble = find_wobble(distance[usual], chance[usual], baseline.moments, trimmed=trimmed)
    return score(distance, chance, wobble, baseline.moments)


def _measure_against(
    baseline: Baseline, windows: Sequence[Window], calm: NDArray[np.bool_]
) -> list[Evidence]:
    """Return how far each block is from the `calm` ones of its season, or from all where it has none."""
    zone, scheme = baseline.settings.timezone, baseline.scheme
    seasons = [find_season(window, scheme, zone) for window in windows]
    totals: dict[int | None, Tally] = {}
    for window, season, keep in zip(windows, seasons, calm, strict=True):
        tally = baseline.inside[window].unpack()
        for name in (None, season) if keep else ():
            totals[name] = totals[name] + tally if name in totals else tally
    found = []
    for window, season, keep in zip(windows, seasons, calm, strict=True):
        tally, against = baseline.inside[window].unpack(), totals.get(season, totals[None])
        rest = against - tally if keep else against
        found.append(
            measure(
                baseline.layout,
                rest if rest.volume else totals[None] - tally,
                tally,
                usual_volume=baseline.find_usual_volume(window),
                minimum_effect=baseline.settings.minimum_effect,
            )
        )
    return found


def _forgive_restless(scores: NDArray[np.float64], suspects: int) -> NDArray[np.float64]:
    """Return the scores without the parts that are odd in more than a few stretches of time."""
    odd, _ = _choose_odd(scores.max(axis=1), suspects)
    carried = np.where(odd, scores.argmax(axis=1), -1)
    starts = np.flatnonzero(np.diff(carried, prepend=-1) != 0)
    parts, stretches = np.unique(carried[starts], return_counts=True)
    restless = parts[(stretches > _STRETCHES) & (parts >= 0)]
    if len(restless) == 0:
        return scores
    calmed = scores.copy()
    calmed[:, restless] = 0.0
    return _forgive_restless(calmed, suspects)


def _choose_odd(joint: NDArray[np.float64], suspects: int) -> tuple[NDArray[np.bool_], float]:
    """Return which blocks are odd, and what the next one scores."""
    ordered = sorted(joint.tolist(), reverse=True)
    steps = enumerate(pairwise(ordered[: suspects + 1]))
    gaps = [place for place, (one, below) in steps if one > max(_LEAST_SCORE, 2 * below)]
    far = sum(one > _FAR for one in ordered[:suspects])
    usual = ordered[max(gaps[-1] + 1 if gaps else 0, far)]
    return joint > usual, usual


def _say(part: Part, found: float, usual: float) -> str:
    what = _WHAT[part.aspect].format(column=part.column)
    return f"is unlike the others: {what} score {found:.1f}, those of any other block at most {usual:.1f}"
