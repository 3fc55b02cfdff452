from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from driftwatch.incidents.incident import IncidentState, NoticeType, Severity, TransitionKind
from driftwatch.incidents.retelling import tell_again
from tests.support.incidents import make_incident

NOW = datetime(2013, 2, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(("arrived", "notice"), [(False, NoticeType.OPENED), (True, NoticeType.UPDATED)])
def test_it_is_told_as_new_where_nothing_has_arrived(arrived: bool, notice: NoticeType) -> None:
    incident = make_incident(state=IncidentState.OPEN, severity=Severity.MAJOR, seq=4)

    step = tell_again(incident, "Silenced since noon.", arrived=arrived, now=NOW)

    (told,) = step.transitions
    assert (told.seq, told.kind, told.tells, told.reason) == (
        5,
        TransitionKind.TOLD,
        notice,
        "Silenced since noon.",
    )
    assert step.incident is not None
    assert (step.incident.seq, step.incident.told_at, step.incident.told_severity) == (5, NOW, Severity.MAJOR)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": IncidentState.RESOLVED},
        {"state": IncidentState.PENDING},
        {"state": IncidentState.OPEN, "severity": Severity.MINOR},
    ],
)
def test_nothing_is_told_of_what_is_over_or_minor(changes: dict[str, Any]) -> None:
    step = tell_again(make_incident(**changes), "x", arrived=False, now=NOW)

    assert step.transitions == ()
