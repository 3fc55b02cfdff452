from __future__ import annotations

import pytest

from driftwatch.incidents.grouping import LARGEST_TEXT, Part, fits_group, merge_parts


def make_part(number: int, *, title: str | None = None, severity: str = "major") -> Part:
    said = title or f"Monitor {number}: price has moved"
    data = {
        "incident": {"id": number, "columns": [{"column": "price"}]},
        "monitor": {"id": f"m{number}", "title": None},
        "text": said,
        "url": None,
    }
    return Part(severity=severity, title=said, text=said, payload={"type": "incident.opened", "data": data})


def test_a_single_incident_is_told_as_it_is() -> None:
    part = make_part(1)

    assert merge_parts([part]) is part


def test_a_message_names_every_incident_and_is_as_severe_as_the_worst() -> None:
    parts = [make_part(1, severity="minor"), make_part(2), make_part(3, severity="minor")]

    merged = merge_parts(parts)

    data = merged.payload["data"]
    assert merged.title == "3 monitors of one source: m1, m2, m3"
    assert merged.text.splitlines() == [f"• {part.title}" for part in parts]
    assert merged.severity == "major"
    assert data["incident"] == parts[0].payload["data"]["incident"]
    assert [(one["id"], one["monitor"]["id"]) for one in data["incidents"]] == [
        (1, "m1"),
        (2, "m2"),
        (3, "m3"),
    ]


@pytest.mark.parametrize("letter", ["x", "&"])
def test_what_a_receiver_would_cut_off_does_not_fit(letter: str) -> None:
    parts = [make_part(number, title=letter * 280) for number in range(1, 40)]

    fitting = [count for count in range(1, 40) if fits_group(parts[:count])]

    assert fitting == list(range(1, len(fitting) + 1))
    assert 1 <= len(fitting) <= LARGEST_TEXT // 280


def test_a_message_without_incidents_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one incident"):
        merge_parts([])
