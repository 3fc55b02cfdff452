"""Windows judged again from what was kept of them: their evidence, without any counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.tally import empty_tally, pack_tally, tally_profile
from driftwatch.calibration.track import Measured, Recent, Track
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window

__all__ = ["Kept", "Recall", "recall_recent", "restore_measured"]

Recall = Callable[[Window], Profile | None]
"""Returns the counts that a window was judged on, None where they are not there any more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """The evidence of a window on both scales, in the order of a layout.

    `counts` is False for one that is no part of the null, a special day.
    """

    window: Window
    short: Evidence
    long: Evidence
    counts: bool = True


def restore_measured(track: Track, kept: Kept) -> Measured:
    """Return the window as it was measured; its counts are not there, only what they came to.

    The long scale is as it was then: windows that had been told by themselves are left out of it.
    """
    nothing = empty_tally(track.baseline.layout)
    return Measured(
        window=kept.window,
        own=nothing,
        before=(),
        tally=nothing,
        cycle=nothing,
        short=kept.short,
        long=kept.long,
    )


def recall_recent(track: Track, recall: Recall) -> Track:
    """Return the track with the counts of the windows of the running cycle, where they were not there yet.

    Windows whose counts are gone are left out of the cycle.
    """
    filled = (_fill(track, one, recall) for one in track.recent)
    return replace(track, recent=tuple(one for one in filled if one is not None))


def _fill(track: Track, one: Recent, recall: Recall) -> Recent | None:
    if one.tally.volume:
        return one
    profile = recall(one.window)
    if profile is None:
        return None
    return replace(one, tally=pack_tally(tally_profile(track.baseline.layout, profile)))
