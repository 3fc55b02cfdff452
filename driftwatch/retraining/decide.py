"""Whether to ask for retraining now, and if not, why not.

A request is made when all of this holds, in this order:

1. somebody would be told: a replay asks for nothing;
2. an incident of a kind in the policy's `when` is open, at least major, and not recovering;
3. no data or freshness incident of the monitor is under way: retraining would learn the fault. A minor data
   incident does not stand in the way: it is about too few rows to be learned;
4. the incident has been open for `after` judged windows;
5. nothing has been requested for it yet;
6. the cooldown since the monitor's last request is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState, Severity
from driftwatch.incidents.words import join_words, say_count, say_moment
from driftwatch.retraining.policy import ALLOWED_KINDS, RetrainPolicy

__all__ = ["Decision", "DecisionWord", "decide_by_hand", "decide_retrain"]


class DecisionWord(StrEnum):
    """What was decided."""

    REQUEST = "request"  # Retraining is asked for now.
    WAIT = "wait"  # Not now; the reason says what is missing.


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, about which incident, and why in one sentence."""

    word: DecisionWord
    reason: str
    incident: Incident | None = None


def decide_retrain(
    policy: RetrainPolicy,
    incidents: Sequence[Incident],
    *,
    last_requested_at: datetime | None,
    already_requested: Callable[[Incident], bool],
    now: datetime,
    telling: bool,
) -> Decision:
    """Return whether to ask for retraining, after the incidents of a monitor were advanced.

    `incidents` are all of the monitor's, of every kind. `already_requested` says whether an incident has
    had its request. `last_requested_at` is the time of the monitor's newest request, for whatever incident.
    """
    if not telling:
        return _wait("A replay asks for no retraining.")
    candidates = [incident for incident in incidents if _calls(incident, policy)]
    if not candidates:
        return _wait(f"No incident of kind {' or '.join(sorted(policy.when))} is open.")
    if veto := _find_veto(incidents):
        return _wait(veto, candidates[0])
    chosen, lack = _choose(policy, candidates, already_requested)
    if lack:
        return _wait(lack, chosen)
    if last_requested_at is not None and now - last_requested_at < policy.cooldown:
        until = say_moment(last_requested_at + policy.cooldown)
        return _wait(f"The cooldown after the last request lasts until {until}.", chosen)
    open_for = say_count(chosen.windows_open, "window")
    reason = f"The {chosen.kind} incident has been open for {open_for}; no data fault is under way."
    return Decision(word=DecisionWord.REQUEST, reason=reason, incident=chosen)


def decide_by_hand(
    policy: RetrainPolicy,
    incident: Incident,
    incidents: Sequence[Incident],
    *,
    last_requested_at: datetime | None,
    under_way: int | None,
    now: datetime,
) -> Decision:
    """Return whether a person may ask for retraining because of `incident`, whatever `after` says.

    A person need not wait for so many windows, and may ask again. What would do harm is refused like the
    daemon's own request: retraining on faulty data, twice at the same time, or within the cooldown.
    `under_way` is the number of a request that was not answered yet.
    """
    if not incident.is_open:
        return _wait(f"It is {incident.state}: retraining is asked for while an incident is open.", incident)
    if incident.kind not in ALLOWED_KINDS:
        return _wait(f"Retraining does not help against an incident of the kind {incident.kind}.", incident)
    if veto := _find_veto(incidents):
        return _wait(veto, incident)
    if under_way is not None:
        return _wait(f"Request {under_way} is under way and was not answered yet.", incident)
    if last_requested_at is not None and now - last_requested_at < policy.cooldown:
        until = say_moment(last_requested_at + policy.cooldown)
        return _wait(f"The cooldown after the last request lasts until {until}.", incident)
    return Decision(word=DecisionWord.REQUEST, reason="Somebody asks for it.", incident=incident)


def _calls(incident: Incident, policy: RetrainPolicy) -> bool:
    return (
        incident.kind in policy.when
        and incident.state is IncidentState.OPEN
        and incident.severity > Severity.MINOR
    )


def _find_veto(incidents: Sequence[Incident]) -> str | None:
    vetoes = sorted(incident.kind.value for incident in incidents if incident.is_live and _is_fault(incident))
    if not vetoes:
        return None
    return f"Retraining would learn a fault: a {join_words(vetoes)} incident is under way."


def _is_fault(incident: Incident) -> bool:
    if incident.kind is IncidentKind.DATA:
        return incident.severity > Severity.MINOR
    return incident.kind is IncidentKind.FRESHNESS


def _choose(
    policy: RetrainPolicy, candidates: Sequence[Incident], already_requested: Callable[[Incident], bool]
) -> tuple[Incident, str]:
    """Return the incident that has waited longest, and what it lacks, empty when it lacks nothing."""
    oldest = sorted(candidates, key=lambda incident: (incident.first_window.start, incident.kind))
    ripe = [incident for incident in oldest if incident.windows_open >= policy.after]
    if not ripe:
        needed = say_count(policy.after, "window")
        longest = max(oldest, key=lambda incident: incident.windows_open)
        return (
            longest,
            f"Open for {longest.windows_open} of the {needed} after which retraining is asked for.",
        )
    fresh = [incident for incident in ripe if not already_requested(incident)]
    if not fresh:
        return ripe[0], "Retraining has been asked for already for this incident."
    return fresh[0], ""


def _wait(reason: str, incident: Incident | None = None) -> Decision:
    return Decision(word=DecisionWord.WAIT, reason=reason, incident=incident)
