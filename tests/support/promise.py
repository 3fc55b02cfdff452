"""Judge a simulated world by the code that judges real ones, and keep who would have been told of what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from driftwatch.calibration.baseline import Settings, build_baseline, measure_blocks
from driftwatch.calibration.budget import Budget
from driftwatch.calibration.track import add_window, begin_track, measure_window, recalibrate, weigh_window
from driftwatch.incidents.advance import advance
from driftwatch.incidents.finding import Verdict
from driftwatch.incidents.holds import hold_out, list_holds
from driftwatch.incidents.incident import Incident, IncidentKind, NoticeType
from driftwatch.incidents.judge import choose_word
from driftwatch.incidents.pairs import pair_columns
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.weighed import Weighing, find_above
from tests.support.worlds import World

__all__ = ["Story", "judge_world"]

_AXES = (IncidentKind.DRIFT, IncidentKind.DATA)
_COUNTED = frozenset({NoticeType.OPENED, NoticeType.UPDATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What became of a world: per counted window, how often people were told at once.

    `above` says whether anything was above a limit, `open_` whether an incident was open after the window,
    that somebody had been told of. `limits` are the lower of both scales.
    """

    tellings: tuple[int, ...]
    above: tuple[bool, ...]
    open_: tuple[bool, ...]
    limits: tuple[float, ...]
    members: tuple[frozenset[str], ...] = field(default=())


def judge_world(world: World, *, windows: int | None = None, minimum_effect: float = 0.02) -> Story:
    """Return what a monitor with one false page in 30 days would have told of a world."""
    length = world.spec.length
    cycle = 24 if length < timedelta(days=1) else 7
    budget = Budget(window=length, cycle=cycle)
    settings = Settings(cycle=cycle, minimum_effect=minimum_effect)
    baseline = build_baseline(world.reference, settings)
    track = begin_track(baseline, measure_blocks(baseline), budget)
    policy = Policy(season=cycle * length)
    incidents: dict[IncidentKind, Incident] = {}
    told, above, still_open, limits, members = [], [], [], [], []
    judged = 0
    for window, profile in world.windows:
        held = [hold for one in incidents.values() for hold in list_holds(one)]
        track = recalibrate(track, window, lambda past, held=held: hold_out(baseline.layout, past, held))  # type: ignore[misc]
        measured = measure_window(track, window, profile)
        weighed = weigh_window(track, measured)
        assert track.calibration is not None
        weighing = Weighing(
            baseline=baseline, calibration=track.calibration, measured=measured, weighed=weighed
        )
        pairs = {}
        if weighed.above.any():
            pairs = {pair.column: pair for pair in pair_columns(world.reference.total, profile)}
        findings = tuple(find_above(weighing, pairs, minimum_effect))
        verdict = Verdict(
            window=window,
            word=choose_word(findings),
            rows=profile.rows,
            findings=findings,
            statistics={name: {} for name in profile.columns},
        )
        before = {kind for kind, one in incidents.items() if one.is_live and one.paged}
        count = 0
        for kind in _AXES:
            step = advance(
                incidents.get(kind),
                verdict,
                policy,
                kind=kind,
                monitor="world",
                now=window.end,
                telling=True,
            )
            if step.incident is not None:
                incidents[kind] = step.incident
            count += sum(one.tells in _COUNTED for one in step.transitions)
        after = {kind for kind, one in incidents.items() if one.is_live and one.paged}
        paged = None if before and after <= before else bool(after - before)
        track = add_window(track, measured, weighed, paged=paged)
        judged += 1
        if judged <= world.spec.history:
            continue
        told.append(count)
        above.append(bool(weighed.above.any()))
        still_open.append(bool(after))
        limits.append(min(weighed.short_limit, weighed.long_limit))
        members.append(_name_members(list(incidents.values())))
        if windows is not None and len(told) == windows:
            break
    return Story(
        tellings=tuple(told),
        above=tuple(above),
        open_=tuple(still_open),
        limits=tuple(limits),
        members=tuple(members),
    )


def _name_members(incidents: Sequence[Incident]) -> frozenset[str]:
    live = (one for one in incidents if one.is_live)
    return frozenset(member.column or member.about for one in live for member in one.members)
