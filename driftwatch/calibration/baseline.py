"""A reference made ready to be judged by: its seasons, what chance does, each block against the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from statistics import median

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.evidence import Evidence, blank_evidence, measure
from driftwatch.calibration.layout import Layout, build_layout
from driftwatch.calibration.moments import Moments, find_moments
from driftwatch.calibration.seasons import Scheme, find_season, is_usable
from driftwatch.calibration.tally import PackedTally, Tally, empty_tally, pack_tally, tally_profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window

__all__ = ["Baseline", "BlockEvidence", "Settings", "build_baseline", "choose_scheme", "measure_blocks"]

_WORTHWHILE = 0.1
"""A finer scheme has to explain this much more, in units of chance, than a coarser one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What measuring depends on beside the counts.

    `cycle` is how many windows a season cycle has; `minimum_effect` the share of rows below which nobody is
    told.
    """

    timezone: str = "UTC"
    cycle: int = 7
    minimum_effect: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockEvidence:
    """A block of the reference against the others, on both scales; `long` is blank for the first ones."""

    window: Window
    short: Evidence
    long: Evidence


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """A reference made ready.

    `seasons` has the tally of each season of `scheme`, `volumes` its usual rows a window; `inside` the
    tallies of its blocks by window, to leave one out. `filled` is the share of blocks that have rows.
    """

    layout: Layout
    settings: Settings
    scheme: Scheme
    moments: Moments
    total: Tally
    seasons: Mapping[int, Tally]
    volumes: Mapping[int, float]
    inside: Mapping[Window, PackedTally]
    filled: float

    def find_reference(self, window: Window) -> Tally:
        """Return the counts a window is compared with: those of its season, itself left out."""
        against = self.seasons.get(find_season(window, self.scheme, self.settings.timezone), self.total)
        own = self.inside.get(window)
        return against - own.unpack() if own else against

    def find_usual_volume(self, window: Window) -> float | None:
        """Return how many rows a window of this season usually has; None where no block tells."""
        return self.volumes.get(find_season(window, self.scheme, self.settings.timezone))

    def measure_short(self, window: Window, tally: Tally, *, in_season: bool = True) -> Evidence:
        """Return how far a window is from the reference's windows of its season, itself left out.

        Not `in_season`, it is compared with all of them: its counts are of several seasons.
        """
        against = self.find_reference(window) if in_season else self.total
        return self._measure(against, tally, self.find_usual_volume(window))

    def measure_long(self, window: Window, tally: Tally) -> Evidence:
        """Return how far a season cycle that ends with `window` is from the whole reference."""
        own = self.inside.get(window)
        return self._measure(self.total - own.unpack() if own else self.total, tally, None)

    def measure_against(self, other: Tally, tally: Tally) -> Evidence:
        """Return how far a window is from `other` counts than the reference's, its volume left out."""
        return self._measure(other, tally, None)

    def _measure(self, reference: Tally, tally: Tally, usual: float | None) -> Evidence:
        effect = self.settings.minimum_effect
        return measure(self.layout, reference, tally, usual_volume=usual, minimum_effect=effect)


def build_baseline(reference: Reference, settings: Settings, *, scheme: Scheme | None = None) -> Baseline:
    """Return `reference` made ready; without a `scheme` the one that explains its blocks best is chosen."""
    layout = build_layout(reference)
    tallied = [(block.window, tally_profile(layout, block.profile)) for block in reference.blocks]
    filled = [(window, tally) for window, tally in tallied if tally.volume]
    total = reduce(add, (tally for _, tally in filled), empty_tally(layout))
    timed = [(window, tally) for window, tally in filled if window is not None]
    moments = find_moments(layout, total)
    chosen = scheme or choose_scheme(layout, timed, moments, settings)
    return _assemble(layout, settings, chosen, moments, (total, timed, len(filled) / max(1, len(tallied))))


_Timed = Sequence[tuple[Window, Tally]]


def _assemble(
    layout: Layout, settings: Settings, scheme: Scheme, moments: Moments, counted: tuple[Tally, _Timed, float]
) -> Baseline:
    total, timed, share = counted
    sorted_: dict[int, list[Tally]] = {}
    for window, tally in timed:
        sorted_.setdefault(find_season(window, scheme, settings.timezone), []).append(tally)
    whole = scheme is Scheme.OVERALL
    return Baseline(
        layout=layout,
        settings=settings,
        scheme=scheme,
        moments=moments,
        total=total,
        seasons={} if whole else {season: reduce(add, found) for season, found in sorted_.items()},
        volumes={season: float(median(one.volume for one in found)) for season, found in sorted_.items()},
        inside={window: pack_tally(tally) for window, tally in timed},
        filled=share,
    )


def choose_scheme(layout: Layout, timed: _Timed, moments: Moments, settings: Settings) -> Scheme:
    """Return the scheme whose seasons leave the blocks of the reference nearest to one another.

    Each block is measured against the others of its season; what chance explains is taken off. A scheme
    needs eight blocks in every season, and has to be better by a tenth of what chance explains.
    """
    best, least = Scheme.OVERALL, None
    for scheme in Scheme:
        seasons = [find_season(window, scheme, settings.timezone) for window, _ in timed]
        if not timed or not is_usable(seasons, scheme):
            continue
        excess = _find_excess(layout, timed, seasons, moments, settings)
        if least is None or excess < least - _WORTHWHILE:
            best, least = scheme, excess
    return best


def _find_excess(
    layout: Layout, timed: _Timed, seasons: Sequence[int], moments: Moments, settings: Settings
) -> float:
    """Return the mean squared distance beyond chance over blocks and columns, in units of chance."""
    columns = len(layout.columns)
    totals: dict[int, Tally] = {}
    for season, (_, tally) in zip(seasons, timed, strict=True):
        totals[season] = totals[season] + tally if season in totals else tally
    distance, chance = np.zeros(columns), np.zeros(columns)
    for season, (_, tally) in zip(seasons, timed, strict=True):
        found = measure(
            layout,
            totals[season] - tally,
            tally,
            usual_volume=None,
            minimum_effect=settings.minimum_effect,
        )
        known = np.isfinite(found.distance[:columns])
        distance[known] += found.distance[:columns][known]
        chance[known] += (moments.mean * found.chance)[:columns][known]
    usable = chance > 0
    return float(np.mean(distance[usable] / chance[usable] - 1)) if np.any(usable) else 0.0


def measure_blocks(baseline: Baseline) -> list[BlockEvidence]:
    """Return every block with rows against the others, in order: alone, and with the cycle before it."""
    blocks = sorted(baseline.inside.items())
    cycle = baseline.settings.cycle
    held = empty_tally(baseline.layout)
    found = []
    for place, (window, packed) in enumerate(blocks):
        tally = packed.unpack()
        held = held + tally
        if place >= cycle:
            held = held - blocks[place - cycle][1].unpack()
        short = baseline.measure_short(window, tally)
        long = blank_evidence(baseline.layout)
        if place + 1 >= cycle and place + 1 < len(blocks):
            long = measure(
                baseline.layout,
                baseline.total - held,
                held,
                usual_volume=None,
                minimum_effect=baseline.settings.minimum_effect,
            )
        found.append(BlockEvidence(window=window, short=short, long=_blind_unseen(baseline.layout, long)))
    return [
        BlockEvidence(window=one.window, short=_blind_unseen(baseline.layout, one.short), long=one.long)
        for one in found
    ]


def _blind_unseen(layout: Layout, evidence: Evidence) -> Evidence:
    """Return the evidence without unseen categories: a block of the reference cannot have any."""
    columns = len(layout.columns)
    distance = evidence.distance.copy()
    beyond: NDArray[np.float64] = distance[2 * columns : 3 * columns]
    beyond[~layout.is_number] = np.nan
    return Evidence(distance=distance, chance=evidence.chance)
