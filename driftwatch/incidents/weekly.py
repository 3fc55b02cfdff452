"""The weekly digest of an owner as a message."""

from __future__ import annotations

from typing import Any

from driftwatch.incidents.digest import Digest
from driftwatch.incidents.stamps import write_stamp
from driftwatch.incidents.week import Found, Week, describe_week, title_week
from driftwatch.incidents.words import say_count, shorten

__all__ = ["build_week_json", "build_weekly"]

_LONGEST_TITLE = 150


def build_weekly(week: Week) -> Digest:
    """Return the digest of a week, for any channel."""
    return Digest(
        timestamp=week.until,
        title=shorten(title_week(week), _LONGEST_TITLE),
        text="\n".join(_write_lines(week)),
        facts=tuple(
            (label, value)
            for label, value in (
                ("Owner", week.owner or ""),
                ("Monitors", str(len(week.watched))),
                ("Windows judged", f"{sum(one.judged for one in week.watched):,}"),
                ("Open now", say_count(len(week.open_now), "incident")),
                ("Not watched all the time", say_count(len(week.gaps), "monitor") if week.gaps else ""),
            )
            if value
        ),
        body=build_week_json(week),
        shortened="incidents",
    )


def build_week_json(week: Week) -> dict[str, Any]:
    """Return a week as `driftwatch.weekly/v1`."""
    return {
        "schema": "driftwatch.weekly/v1",
        "owner": week.owner,
        "since": write_stamp(week.since),
        "until": write_stamp(week.until),
        "monitors": len(week.watched),
        "windows_judged": sum(one.judged for one in week.watched),
        "rows": sum(one.rows for one in week.watched),
        "not_watched": [one.name for one in week.gaps[:50]],
        "open_incidents": [one.incident.id for one in week.open_now],
        # Where not all of them fit, the newest are kept.
        "incidents": [_describe(one) for one in reversed(week.found)],
    }


def _write_lines(week: Week) -> list[str]:
    first, *others = describe_week(week)
    lines = [*first.lines]
    for section in others:
        is_one = len(section.lines) == 1
        if is_one:
            lines.append(f"{section.heading}: {section.lines[0]}")
        else:
            lines += [f"{section.heading}:", *(f"- {line}" for line in section.lines)]
    return lines


def _describe(one: Found) -> dict[str, Any]:
    incident = one.incident
    return {
        "id": incident.id,
        "monitor": incident.monitor,
        "kind": incident.kind.value,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "title": one.title,
        "opened_at": incident.opened_at and write_stamp(incident.opened_at),
        "resolved_at": incident.resolved_at and write_stamp(incident.resolved_at),
        "label": incident.label and incident.label.value,
        "acknowledged_by": incident.acknowledged_by,
        "resolved_by": incident.resolved_by,
    }
