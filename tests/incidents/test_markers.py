"""Which markers an incident names, in which words, and which may be kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import UsageError
from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.incident import IncidentState
from driftwatch.incidents.incident_json import build_incident_json
from driftwatch.incidents.markers import (
    CONFIGURATION,
    MOST_NAMED,
    Marker,
    check_marker,
    choose_named,
    decode_marker,
    encode_marker,
    find_soon,
    say_markers,
)
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.profiles.window import Window
from tests.support.incidents import day, make_incident

NOW = datetime(2013, 2, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = day(8)


def make(at: datetime, number: int = 1, **changes: object) -> Marker:
    marker = Marker(id=number, kind="deploy", version="2.4", at=at, created_at=NOW, author="Ana")
    return replace(marker, **changes)  # type: ignore[arg-type]


def hours(length: int) -> Window:
    return Window(start=FIRST.start, end=FIRST.start + length * HOUR)


@pytest.mark.parametrize(("length", "back"), [(1, 24), (11, 24), (13, 26), (24, 48), (24 * 7, 24 * 14)])
def test_soon_is_a_day_or_two_windows_whichever_is_longer(length: int, back: int) -> None:
    window = hours(length)

    start, end = find_soon(window)

    assert (window.end - start, end) == (back * HOUR, window.end)
    assert choose_named([make(start)], window)
    assert not choose_named([make(start - timedelta(microseconds=1))], window)
    assert choose_named([make(end - timedelta(microseconds=1))], window)
    assert not choose_named([make(end)], window)


def test_the_latest_is_named_first_and_a_changed_configuration_by_nobody() -> None:
    early, late = make(FIRST.start - HOUR, 1), make(FIRST.start + HOUR, 2)
    own = make(FIRST.start, 3, kind=CONFIGURATION, author=None)
    noticed = make(FIRST.start, 4, kind="model", author=None)

    assert [one.id for one in choose_named([early, own, late, noticed], FIRST)] == [2, 4, 1]


def test_an_incident_names_its_marker_before_anything_else() -> None:
    incident = make_incident(first_window=FIRST, markers=(make(FIRST.start + 14 * HOUR, text="new join."),))

    _, text = describe_incident(incident, MonitorFacts(id="flights"))

    assert text.startswith(
        "Just before, 10 hours before the first window that shows it ended: deploy 2.4 "
        "(2013-02-08 14:00 UTC, by Ana): new join. Whether it is the cause is not known.\n"
        "The data of flights looks different"
    )


def test_once_it_is_over_that_comes_first() -> None:
    incident = make_incident(first_window=FIRST, markers=(make(FIRST.start),), state=IncidentState.RESOLVED)

    _, text = describe_incident(incident, MonitorFacts(id="flights"))

    assert text.splitlines()[0] == "The data of flights looks like its reference again."
    assert text.splitlines()[1].startswith("Just before, ")


def test_many_markers_are_counted() -> None:
    many = tuple(make(FIRST.end - (place + 1) * HOUR, place) for place in range(MOST_NAMED + 2))

    said = say_markers(many, FIRST)
    document = build_incident_json(make_incident(markers=many), "", "")

    assert said.count("deploy 2.4") == MOST_NAMED
    assert "; and 2 other markers. Whether" in said
    assert [one["id"] for one in document["markers"]] == [0, 1, 2]
    assert say_markers((), FIRST) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": ""}, "no kind of marker"),
        ({"kind": "two words"}, "one word"),
        ({"kind": "d" * 41}, "at most 40"),
        ({"version": "v" * 101}, "at most 100 characters, not 101"),
        ({"text": "t" * 501}, "at most 500"),
        ({"version": "1\n2"}, "one line"),
        ({"monitor": "a", "owner": "b"}, "not both"),
        ({"at": NOW + timedelta(days=2)}, "yet to come"),
    ],
)
def test_what_may_not_be_kept_says_why(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_marker(replace(make(NOW), **changes), NOW)  # type: ignore[arg-type]


TEXTS = st.none() | st.text(max_size=50)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(
    st.builds(
        Marker,
        id=st.none() | st.integers(1),
        kind=st.text(),
        at=MOMENTS,
        created_at=MOMENTS,
        version=TEXTS,
        text=TEXTS,
        monitor=TEXTS,
        owner=TEXTS,
        author=TEXTS,
    )
)
def test_a_document_gives_the_marker_back(marker: Marker) -> None:
    assert decode_marker(json.loads(json.dumps(encode_marker(marker)))) == marker
