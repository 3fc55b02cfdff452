from __future__ import annotations

import json
from typing import Any

import pytest

from driftwatch.charts.frames import describe_marks, fill_frame
from driftwatch.charts.values import Chart, Mark
from tests.support.charts import MARKS, WINDOWS, draw_every
from tests.support.incidents import day

EVERY = draw_every()


@pytest.mark.parametrize("chart", EVERY, ids=lambda one: one.name)
def test_a_picture_needs_nothing_but_itself(chart: Chart) -> None:
    text = json.dumps(chart.spec, allow_nan=False)

    assert "http" not in text.replace(chart.spec["$schema"], "")
    assert set(find_names(chart.spec)) == chart.spec["datasets"].keys()


@pytest.mark.parametrize("chart", EVERY, ids=lambda one: one.name)
def test_a_picture_says_what_it_shows_and_has_it_as_a_table(chart: Chart) -> None:
    assert chart.spec["title"]["text"] == chart.title
    assert chart.title.endswith(".")
    assert chart.table.rows
    assert {len(row) for row in chart.table.rows} == {len(chart.table.head)}


@pytest.mark.parametrize("chart", EVERY, ids=lambda one: one.name)
def test_every_picture_tells_more_where_it_is_pointed_at(chart: Chart) -> None:
    assert '"tooltip"' in json.dumps(chart.spec)


def test_where_time_is_the_axis_one_can_zoom_in_without_losing_the_wheel() -> None:
    timed = [one for one in EVERY if '"temporal"' in json.dumps(one.spec)]

    assert [one.name for one in timed] == ["scores", "over-time-psi", "shares", "heat"]
    for chart in timed:
        zoom = next(one for one in chart.spec["params"] if one["name"] == "zoom")
        assert zoom["bind"] == "scales"
        assert "ctrlKey" in zoom["select"]["zoom"]


def test_names_of_pictures_differ() -> None:
    assert len({chart.name for chart in EVERY}) == len(EVERY)


def test_a_frame_is_not_changed_by_what_it_is_filled_with() -> None:
    frame: dict[str, Any] = {"layer": [{"mark": {}}], "params": []}

    filled = fill_frame(frame, "one", {"rows": []}, top=3.0)
    filled["layer"][0]["mark"]["type"] = "bar"

    assert frame == {"layer": [{"mark": {}}], "params": []}


def test_marks_are_sorted_by_what_they_are_about() -> None:
    rows = describe_marks(MARKS, WINDOWS)

    assert [(row["kind"], row["group"]) for row in rows] == [
        ("incident", "incident"),
        ("label", "label"),
        ("reference", "reference"),
        ("deploy", "marker"),
    ]
    assert [row["until"] is None for row in rows] == [False, True, True, True]


def test_marks_outside_of_the_windows_are_left_out_and_stretches_are_cut() -> None:
    marks = [
        Mark(at=day(0).start, kind="deploy", words="before"),
        Mark(at=day(6).start, kind="deploy", words="after"),
        Mark(at=day(0).start, until=day(9).start, kind="incident", words="all along"),
        Mark(at=day(-3).start, until=day(-1).start, kind="incident", words="over"),
    ]

    rows = describe_marks(marks, WINDOWS)

    first, last = WINDOWS[0].start.timestamp() * 1000, WINDOWS[-1].end.timestamp() * 1000
    assert [(row["words"], row["at"], row["until"]) for row in rows] == [("all along", first, last)]
    assert describe_marks(marks, []) == []


def find_names(part: Any) -> list[str]:
    """Return the names of the data that a specification asks for."""
    if isinstance(part, list):
        return [name for one in part for name in find_names(one)]
    if not isinstance(part, dict):
        return []
    own = part.get("data")
    named = [own["name"]] if isinstance(own, dict) and set(own) == {"name"} else []
    return named + [name for key, one in part.items() if key != "datasets" for name in find_names(one)]
