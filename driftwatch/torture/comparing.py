"""The store and the receiver's log held against what must have come of the script."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from driftwatch.torture.observed import Observed, SeenDelivery, SeenIncident
from driftwatch.torture.oracle import Expected
from driftwatch.torture.receiver import Call
from driftwatch.torture.script import WINDOW, Batch, Script

__all__ = ["Evidence", "Finding", "compare"]

_ENDED = {"error": "dead"}
# What was told when is a matter of time; what is critical is told although it flaps.
_NOT_COMPARED = frozenset({"told", "flapping", "settled"})
_AXES = {"drift": frozenset({Batch.MOVED, Batch.BOTH}), "data": frozenset({Batch.GAPPY, Batch.BOTH})}
_SHOWS_NOTHING = frozenset({Batch.EMPTY, Batch.UNREADABLE})
_AGREES: Mapping[str, frozenset[str | None]] = {
    "open": frozenset({"incident.opened", "incident.updated"}),
    "recovering": frozenset({"incident.opened", "incident.updated"}),
    "resolved": frozenset({None, "incident.resolved"}),
    "pending": frozenset({None}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that must hold, over how much it was looked at, and where it does not."""

    invariant: str
    what: str
    looked_at: int
    violations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is compared: what was asked for, what must have come of it, and what has.

    `quiet_from` is the time of the first call that a silence over everything must have kept back, None
    without one.
    """

    script: Script
    expected: Expected
    observed: Observed
    calls: Sequence[Call]
    quiet_from: float | None = None

    @property
    def incidents(self) -> Mapping[int, SeenIncident]:
        """The incidents by their numbers."""
        return {one.id: one for one in self.observed.incidents}


def compare(evidence: Evidence) -> list[Finding]:
    """Return what was found, invariant by invariant; a run is good where none has violations."""
    seen, calls = evidence.observed, evidence.calls
    windows, events, sent = len(evidence.expected.slots), len(seen.events), len(seen.deliveries)
    rows = [
        ("I1", "windows unaccounted for", windows, _find_unaccounted(evidence)),
        ("I1", "wrong verdicts", windows, _find_wrong_words(evidence)),
        ("I1", "windows judged twice", windows, _find_doubled(evidence)),
        ("I2", "transitions lost or made up", len(evidence.expected.steps), _compare_steps(evidence)),
        ("I2", "transitions not queued with the fact", events, _find_unqueued(evidence)),
        ("I2", "incidents whose last telling disagrees", len(seen.incidents), _find_untold(evidence)),
        ("I3", "notices not delivered", sent, _find_undelivered(evidence)),
        ("I4", "ids beyond one per transition and channel", len(calls), _find_foreign_ids(evidence)),
        ("I5", "notices out of order", sent, _find_disorder(evidence)),
        ("I6", "resolved without enough clean windows", events, _find_early_ends(evidence)),
        ("I6", "calls in spite of a silence", len(calls), _find_noise(evidence)),
        ("I6", "calls to addresses that nobody named", len(calls), _find_strays(evidence)),
    ]
    return [
        Finding(invariant=invariant, what=what, looked_at=count, violations=tuple(found))
        for invariant, what, count, found in rows
    ]


def _find_unaccounted(evidence: Evidence) -> Iterator[str]:
    for slot in evidence.expected.slots:
        state = evidence.observed.slots.get((slot.monitor, slot.window))
        if state != _ENDED.get(slot.word, "done"):
            yield f"{slot.monitor} {slot.window:%H:%M}: {state or 'no slot'}"


def _find_wrong_words(evidence: Evidence) -> Iterator[str]:
    for slot in evidence.expected.slots:
        found = evidence.observed.verdicts.get((slot.monitor, slot.window), ())
        words = {one.word for one in found}
        if words - {slot.word}:
            yield f"{slot.monitor} {slot.window:%H:%M}: {', '.join(sorted(words))}, not {slot.word}"


def _find_doubled(evidence: Evidence) -> Iterator[str]:
    for slot in evidence.expected.slots:
        found = evidence.observed.verdicts.get((slot.monitor, slot.window), ())
        # A window without rows is noted at the first look and once more when its time is over.
        if len(found) > (2 if slot.word == "no_data" else 1):
            yield f"{slot.monitor} {slot.window:%H:%M}: {len(found)} verdicts"


def _compare_steps(evidence: Evidence) -> Iterator[str]:
    wanted: dict[tuple[str, str], list[tuple[int, datetime | None, str]]] = defaultdict(list)
    for step in evidence.expected.steps:
        wanted[step.monitor, step.kind].append((step.number, step.window, step.what))
    found = _list_steps(evidence)
    for key in sorted({*wanted, *found}):
        missing = Counter(wanted[key]) - Counter(found[key])
        extra = Counter(found[key]) - Counter(wanted[key])
        yield from (f"{' '.join(key)}: lost {_say_step(step)}" for step in missing.elements())
        yield from (f"{' '.join(key)}: made up {_say_step(step)}" for step in extra.elements())
        if not missing and not extra and wanted[key] != found[key]:
            yield f"{' '.join(key)}: the same transitions in another order"


def _list_steps(evidence: Evidence) -> dict[tuple[str, str], list[tuple[int, datetime | None, str]]]:
    numbers: dict[int, int] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for one in evidence.observed.incidents:
        numbers[one.id] = counted[one.monitor, one.kind]
        counted[one.monitor, one.kind] += 1
    incidents, found = evidence.incidents, defaultdict(list)
    for event in evidence.observed.events:
        if event.what not in _NOT_COMPARED:
            one = incidents[event.incident]
            found[one.monitor, one.kind].append((numbers[one.id], event.window, event.what))
    return found


def _say_step(step: tuple[int, datetime | None, str]) -> str:
    number, window, what = step
    return f"{what!r} of incident {number} at {window:%H:%M}" if window else f"{what!r} of incident {number}"


def _find_unqueued(evidence: Evidence) -> Iterator[str]:
    queued = Counter((one.incident, one.seq, one.channel, one.type) for one in evidence.observed.deliveries)
    promised = _list_promised(evidence)
    # The first window after a catch-up may tell what is promised as a part of how things stand.
    told = {(one.incident, one.window) for one in evidence.observed.events if one.notice is not None}
    for event in evidence.observed.events:
        where = f"incident {event.incident}, {event.what} ({event.seq})"
        if event.notice is None:
            is_told = (event.incident, event.window) in told
            if (event.incident, event.seq) in promised and not is_told:
                yield f"{where}: judged in its time, and nobody was to be told"
            continue
        lacking = [
            channel
            for channel in evidence.script.channels
            if queued[event.incident, event.seq, channel, event.notice] != 1
        ]
        # What was kept back on one channel alone is told there alone, later.
        if lacking and (event.what != "told" or len(lacking) == len(evidence.script.channels)):
            yield f"{where}: {event.notice} was not queued for {', '.join(lacking)}"


def _list_promised(evidence: Evidence) -> set[tuple[int, int]]:
    """Return the transitions that must tell: those that can, of windows that were judged in their time."""
    incidents = evidence.incidents
    told: set[int] = set()
    promised: set[tuple[int, int]] = set()
    for event in evidence.observed.events:
        one = incidents[event.incident]
        can_tell = event.what == "opened" or (event.what == "resolved" and one.id in told)
        if can_tell and event.window is not None and _was_in_time(evidence, one.monitor, event.window):
            promised.add((event.incident, event.seq))
        if event.notice is not None:
            told.add(one.id)
    return promised


def _was_in_time(evidence: Evidence, monitor: str, window: datetime) -> bool:
    found = evidence.observed.verdicts.get((monitor, window), ())
    # What is decided within the last moments may be decided either way.
    return bool(found) and found[0].finished_at < window + 1.9 * WINDOW


def _find_untold(evidence: Evidence) -> Iterator[str]:
    last: dict[int, str | None] = {}
    for event in evidence.observed.events:
        last[event.incident] = event.notice or last.get(event.incident)
    for one in evidence.observed.incidents:
        if last.get(one.id) not in _AGREES.get(one.state, frozenset()):
            yield f"incident {one.id} is {one.state}, and people were told {last.get(one.id) or 'nothing'}"


def _find_undelivered(evidence: Evidence) -> Iterator[str]:
    taken = {(call.path, call.id) for call in evidence.calls if call.taken}
    for one in evidence.observed.deliveries:
        if one.state != "delivered" and evidence.quiet_from is not None:
            continue  # What a silence keeps back is not delivered.
        if one.state != "delivered":
            if not _is_explained(evidence, one):
                yield f"{one.id} to {one.channel} is {one.state}: {one.decision}"
        elif (f"/{one.channel}", one.id) not in taken:
            yield f"{one.id} to {one.channel} is delivered, and the receiver never took it in"
    yield from _find_unasked(evidence, taken)


def _find_unasked(evidence: Evidence, taken: Collection[tuple[str, str]]) -> Iterator[str]:
    for key, state in evidence.observed.retrains:
        if state != "accepted":
            yield f"the request {key} is {state}"
        elif ("/retrain", key) not in taken:
            yield f"the request {key} is {state}, and the receiver never took it in"


def _is_explained(evidence: Evidence, kept: SeenDelivery) -> bool:
    """Return whether a notice may be kept back.

    Drift is explained by an incident about windows of the monitor that cannot be read, and the end of what
    was kept back is too.
    """
    if kept.state != "suppressed" or kept.decision is None or kept.incident is None:
        return False
    if kept.decision.startswith("inhibited: "):
        monitor = evidence.incidents[kept.incident].monitor
        others = {one.kind for one in evidence.observed.incidents if one.monitor == monitor}
        return "evaluation" in others and evidence.incidents[kept.incident].kind != "evaluation"
    return kept.type == "incident.resolved" and not any(
        one.state == "delivered"
        for one in evidence.observed.deliveries
        if (one.incident, one.channel) == (kept.incident, kept.channel)
    )


def _find_foreign_ids(evidence: Evidence) -> Iterator[str]:
    known = {(f"/{one.channel}", one.id) for one in evidence.observed.deliveries}
    known |= {("/retrain", key) for key, _ in evidence.observed.retrains}
    foreign = {(call.path, call.id) for call in evidence.calls} - known
    yield from (f"{path} was called with the unknown id {name}" for path, name in sorted(foreign))
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for call in evidence.calls:
        told[call.path, call.id].add(repr(call.body))
    yield from (f"{key[1]} came with {len(bodies)} bodies" for key, bodies in told.items() if len(bodies) > 1)


def _find_disorder(evidence: Evidence) -> Iterator[str]:
    first: dict[tuple[str, str], float] = {}
    for call in evidence.calls:
        if call.taken:
            first.setdefault((call.path, call.id), call.at)
    arrived: dict[tuple[int, str], list[tuple[int, float]]] = defaultdict(list)
    for one in evidence.observed.deliveries:
        at = first.get((f"/{one.channel}", one.id))
        if at is not None and one.incident is not None and one.seq is not None:
            arrived[one.incident, one.channel].append((one.seq, at))
    for (incident, channel), found in arrived.items():
        times = [at for _, at in sorted(found)]
        if times != sorted(times):
            yield f"incident {incident} to {channel}"


def _find_early_ends(evidence: Evidence) -> Iterator[str]:
    parts = {part.name: part for part in evidence.script.parts}
    incidents = evidence.incidents
    for event in evidence.observed.events:
        one = incidents[event.incident]
        if event.what != "resolved" or one.kind not in _AXES or event.window is None:
            continue
        part = parts[one.monitor]
        place = (event.window - evidence.script.first) // WINDOW
        shown = [batch for batch in part.batches[: place + 1] if batch not in _SHOWS_NOTHING]
        last = shown[-part.resolve_after :]
        if len(last) < part.resolve_after or any(batch in _AXES[one.kind] for batch in last):
            yield f"incident {one.id} ({one.kind}) of {one.monitor} at {event.window:%H:%M}"


def _find_noise(evidence: Evidence) -> Iterator[str]:
    for call in evidence.calls:
        # The end of what people were told is told all the same.
        is_kept_back = call.body.get("type") in {"incident.opened", "incident.updated"}
        if evidence.quiet_from is not None and call.at >= evidence.quiet_from and is_kept_back:
            yield f"{call.path} {call.id}: {call.at - evidence.quiet_from:.1f} s too late"


def _find_strays(evidence: Evidence) -> Iterator[str]:
    named = {"/retrain", *(f"/{channel}" for channel in evidence.script.channels)}
    strays = Counter(call.path for call in evidence.calls if call.path not in named)
    yield from (f"{path}: {count} calls" for path, count in sorted(strays.items()))
