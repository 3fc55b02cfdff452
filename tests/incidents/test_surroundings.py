"""What else changed: each thing said with its number, and nothing said where nothing did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from driftwatch.incidents.finding import Finding, FindingKind
from driftwatch.incidents.incident import Incident
from driftwatch.incidents.markers import CONFIGURATION, Marker
from driftwatch.incidents.surroundings import (
    Neighbour,
    Promoted,
    Surroundings,
    say_looked_at,
    say_surroundings,
)
from tests.support.incidents import day, make_incident

CALM = Surroundings(
    rows=1_000,
    rows_before=(900, 1_000, 1_100, 950),
    missing={"a": (0.01, 0.02), "b": (0.5, 0.6)},
    model="delay 2",
    others=("x", "y"),
)
INCIDENT = make_incident()
FINDING = Finding(
    column="c",
    kind=FindingKind.UNSEEN,
    statistic="unseen_share",
    value=0.2,
    limit=0.1,
    text="20 % are new in c",
)
NOTICED = Marker(kind=CONFIGURATION, at=day(8).start, created_at=day(8).start, text="it has changed")


def test_where_nothing_changed_nothing_is_said_but_what_was_looked_at() -> None:
    assert say_surroundings(CALM, INCIDENT) == ()
    assert say_looked_at(CALM) == (
        "Looked at: the number of rows, missing values, columns that came or went, types, rows that did not "
        "come, the configuration, the reference, the model (delay 2), 2 other monitors of the same source."
    )
    assert "nobody has named" in say_looked_at(Surroundings())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"rows": 1_500},
            "Rows: 1,500 came, 53 % more than usual; in the 4 windows before it were 900 to 1,100.",
        ),
        (
            {"rows": 400},
            "Rows: 400 came, 58 % fewer than usual; in the 4 windows before it were 900 to 1,100.",
        ),
        ({"missing": {"c": (0.0, 0.12)}}, "Missing values: 12 % in c, against none in the window before."),
        ({"missing": {"c": (0.5, 0.0)}}, "Missing values: none in c, against 50 % in the window before."),
        ({"came": ("n",)}, "Columns that came with that window: n."),
        ({"gone": ("a", "b")}, "Columns that went with that window: a and b."),
        ({"beside": (FINDING,)}, "Also found: 20 % are new in c."),
        ({"empty": 1}, "The window just before it had no rows."),
        ({"empty": 2}, "The 2 windows just before it had no rows."),
        (
            {"changes": (NOTICED,)},
            "Driftwatch noticed: configuration (2013-02-08 00:00 UTC): it has changed.",
        ),
        (
            {"promoted": (Promoted(version=3, at=day(7).start),)},
            "Version 3 of the reference took over at 2013-02-07 00:00 UTC.",
        ),
        (
            {"neighbours": (Neighbour(number=12, monitor="x", kind="drift", window=day(8)),)},
            "Same source: x: incident 12 (drift) began in the window of 2013-02-08.",
        ),
        (
            {"neighbours": (Neighbour(number=12, monitor="flights", kind="data", window=day(8)),)},
            "Same monitor: incident 12 (data) began in the window of 2013-02-08.",
        ),
    ],
)
def test_each_thing_is_one_sentence_with_its_number(changes: dict[str, object], said: str) -> None:
    found = replace(CALM, **changes)  # type: ignore[arg-type]

    assert say_surroundings(found, INCIDENT) == (said,)


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": 1_100},
        {"rows": 1_060, "rows_before": (1_000, 1_010, 1_050)},
        {"rows": None},
        {"rows": 5, "rows_before": (1_000, 1_000)},
    ],
)
def test_rows_that_are_usual_or_not_known_are_not_told(changes: dict[str, object]) -> None:
    assert say_surroundings(replace(CALM, **changes), INCIDENT) == ()  # type: ignore[arg-type]


def test_missing_values_that_the_incident_is_about_are_told_there() -> None:
    member = replace(INCIDENT.members[0], column="c", about="missing")
    about: Incident = replace(INCIDENT, members=(member,))

    assert say_surroundings(replace(CALM, missing={"c": (0.0, 0.12)}), about) == ()


def test_missing_values_that_another_incident_is_about_are_told_once() -> None:
    beside = replace(FINDING, kind=FindingKind.MISSING, text="12 % of the rows have no value in c")

    said = say_surroundings(replace(CALM, missing={"c": (0.0, 0.12)}, beside=(beside,)), INCIDENT)

    assert said == ("Also found: 12 % of the rows have no value in c.",)


def test_many_columns_are_counted_the_largest_change_first() -> None:
    missing = {f"c{place}": (0.0, place / 10) for place in range(1, 9)}

    said = say_surroundings(replace(CALM, missing=missing), INCIDENT)

    assert said[0].startswith("Missing values: 80 % in c8")
    assert said[-1] == "Missing values changed in 3 other columns too."
    assert len(said) == 6
