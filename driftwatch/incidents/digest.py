"""The digest of a monitor in shadow mode: how often it would have told people, and of what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.incident import Incident, NoticeType, Severity
from driftwatch.incidents.notice import MonitorFacts, build_monitor_json, cut_texts, fits_payload
from driftwatch.incidents.stamps import write_stamp
from driftwatch.incidents.words import join_words, say_count, say_moment, shorten

__all__ = ["Digest", "Telling", "build_digest"]

_SHOWN = 10
_LONGEST_LINE = 250
_SIZES = ((4_000, 50), (1_000, 20), (250, 5), (40, 0))
_HAPPENED = {NoticeType.OPENED: "opened", NoticeType.UPDATED: "updated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Something that people would have been told at once; `type` is OPENED or UPDATED."""

    incident: Incident
    type: NoticeType
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A message about a stretch of time, made like a notice: a title, a text in plain words, and facts.

    `body` is what is in `data` of a webhook's payload; the list in it that is called `shortened` is cut
    where all of it would not fit: its last entries are kept.
    """

    timestamp: datetime
    title: str
    text: str
    facts: tuple[tuple[str, str], ...]
    body: dict[str, Any]
    type: NoticeType = NoticeType.DIGEST
    severity: Severity = Severity.MINOR
    shortened: str = "tellings"

    def payload(self) -> dict[str, Any]:
        """Return the body of a webhook, small enough for one: the first entries of a list are left out."""
        whole: dict[str, Any] = {
            "type": self.type.value,
            "timestamp": write_stamp(self.timestamp),
            "data": {**self.body, "text": self.text, "url": None},
        }
        entries = self.body[self.shortened]
        for length, count in _SIZES:
            kept = entries[max(0, len(entries) - count) :]
            left_out = {self.shortened: kept, f"{self.shortened}_left_out": len(entries) - len(kept)}
            cut: dict[str, Any] = cut_texts({**whole, "data": {**whole["data"], **left_out}}, length)
            if fits_payload(cut):
                return cut
        raise ValueError("a digest cannot be made small enough for a webhook")


def build_digest(
    tellings: Sequence[Telling],
    still_open: Sequence[Incident],
    facts: MonitorFacts,
    *,
    since: datetime,
    until: datetime,
) -> Digest:
    """Return the digest of what people would have been told from `since` to `until`, oldest first.

    `still_open` are the incidents that are open at its end.
    """
    title = f"{facts.name} {_say_often(len(tellings))}"
    numbers = sorted({one.incident.id or 0 for one in tellings})
    opened = [incident.id or 0 for incident in still_open]
    return Digest(
        timestamp=until,
        title=shorten(title, 150),
        text="\n".join(
            _write_lines(tellings, still_open, facts, f"{say_moment(since)} to {say_moment(until)}")
        ),
        facts=tuple(
            (label, value)
            for label, value in (
                ("Monitor", facts.name if facts.name == facts.id else f"{facts.name} ({facts.id})"),
                ("Would have paged", say_count(len(tellings), "time")),
                ("Incidents", _say_numbers(numbers)),
                ("Open now", _say_numbers(opened)),
                ("Mode", "shadow: nobody was told"),
                ("Owner", facts.owner or ""),
            )
            if value
        ),
        body={
            "schema": "driftwatch.digest/v1",
            "monitor": build_monitor_json(facts),
            "since": write_stamp(since),
            "until": write_stamp(until),
            "would_have_paged": len(tellings),
            "tellings": [_describe(one, facts) for one in tellings],
            "open_incidents": opened,
        },
    )


def _say_often(count: int) -> str:
    return f"would have paged {say_count(count, 'time')}" if count else "would have paged nobody"


def _write_lines(
    tellings: Sequence[Telling], still_open: Sequence[Incident], facts: MonitorFacts, span: str
) -> list[str]:
    lines = [f"From {span} {facts.name} {_say_often(len(tellings))}. It is in shadow mode: nobody was told."]
    earlier = len(tellings) - _SHOWN
    if earlier > 0:
        lines.append(f"The last {_SHOWN} of them; {say_count(earlier, 'earlier one')} left out:")
    lines += [shorten(_say_telling(one, facts), _LONGEST_LINE) for one in tellings[-_SHOWN:]]
    opened = [f"incident {one.id} ({one.severity})" for one in still_open]
    lines.append(f"Open now: {join_words(opened, at_most=_SHOWN)}." if opened else "Nothing is open now.")
    if tellings or opened:
        lines.append(
            "`driftwatch incident show` has the words of each. With `mode: live` people are told as it "
            "happens, and of what is still open then."
        )
    return lines


def _say_telling(one: Telling, facts: MonitorFacts) -> str:
    what = one.reason if one.type is NoticeType.UPDATED else _name(one.incident, facts)
    return f"- {say_moment(one.at)}: incident {one.incident.id} {_HAPPENED[one.type]}: {what}"


def _name(incident: Incident, facts: MonitorFacts) -> str:
    title, _ = describe_incident(incident, facts)
    return title.removeprefix(f"{facts.name}: ")


def _say_numbers(numbers: Sequence[int]) -> str:
    return join_words([str(number) for number in numbers], at_most=_SHOWN) if numbers else ""


def _describe(one: Telling, facts: MonitorFacts) -> dict[str, Any]:
    return {
        "at": write_stamp(one.at),
        "type": one.type.value,
        "incident": one.incident.id,
        "kind": one.incident.kind.value,
        "severity": one.incident.severity.value,
        "title": _name(one.incident, facts),
        "reason": one.reason,
    }
