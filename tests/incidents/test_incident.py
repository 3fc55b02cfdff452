"""The values of an incident."""

from __future__ import annotations

import json
from itertools import pairwise

from driftwatch.incidents.incident import Severity


def test_severities_are_ordered_by_how_bad_they_are() -> None:
    ordered = [Severity.MINOR, Severity.MAJOR, Severity.CRITICAL]

    assert all(
        mild < bad and mild <= bad and bad > mild and bad >= mild and not bad < mild
        for mild, bad in pairwise(ordered)
    )
    assert sorted([Severity.CRITICAL, Severity.MINOR, Severity.MAJOR]) == ordered
    assert max(ordered) is Severity.CRITICAL
    assert Severity.MAJOR >= Severity.MAJOR
    assert json.dumps(ordered) == '["minor", "major", "critical"]'
