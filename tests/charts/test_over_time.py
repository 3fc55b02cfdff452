from __future__ import annotations

from driftwatch.charts.over_time import draw_scores, draw_shares, draw_statistic
from driftwatch.charts.values import MeasuredPoint, ScorePoint, SharePoint
from tests.support.charts import WINDOWS


def test_scores_say_how_often_they_were_above_and_where_the_last_is() -> None:
    scores = [1.0, 5.0, None, 4.0, 2.0]
    points = [
        ScorePoint(window=window, word="ok", score=score, limit=None if score is None else 3.2)
        for window, score in zip(WINDOWS, scores, strict=True)
    ]

    chart = draw_scores(points)

    assert chart.title == (
        "2 of 4 windows were above the limit; the latest score, 2, is within its limit of 3.2."
    )
    rows = chart.spec["datasets"]["points"]
    assert [row["score"] for row in rows] == scores
    assert [row["beyond"] for row in rows] == [False, True, False, True, False]
    assert chart.table.rows[2] == ("2013-02-03", "ok", "–", "–")


def test_windows_that_were_not_scored_are_said_to_be_none() -> None:
    chart = draw_scores([ScorePoint(window=WINDOWS[0], word="no_data", score=None, limit=None)])

    assert chart.title == "No window was scored."


def test_a_scale_ends_above_all_that_is_drawn_and_above_its_limit() -> None:
    chart = draw_statistic("ks", [MeasuredPoint(window=WINDOWS[0], value=0.1)], 0.5)

    top = next(one["value"] for one in chart.spec["params"] if one["name"] == "top")
    assert 0.5 < top < 0.6


def test_a_statistic_says_where_it_was_highest_and_how_often_above_its_limit() -> None:
    points = [
        MeasuredPoint(window=one, value=value)
        for one, value in zip(WINDOWS, [0.1, 0.3, None, 0.2, 0.1], strict=True)
    ]

    assert draw_statistic("psi", points, 0.25).title == (
        "PSI: 1 of 4 windows was above the limit of 0.25; highest in 2013-02-02, at 0.3."
    )
    assert draw_statistic("ks", points).title == (
        "KS: 0.1 in the latest window; highest in 2013-02-02, at 0.3."
    )
    assert draw_statistic("ks", [MeasuredPoint(window=WINDOWS[0], value=None)]).title == (
        "KS: not measured in these windows."
    )


def test_shares_that_were_never_measured_are_not_drawn() -> None:
    points = [SharePoint(window=one, missing=0.01 * place) for place, one in enumerate(WINDOWS)]

    chart = draw_shares(points)

    assert chart.table.head == ("Window", "Missing")
    assert {row["what"] for row in chart.spec["datasets"]["points"]} == {"missing"}
    assert chart.title == "Of the rows, up to 4 % missing (in 2013-02-05)."


def test_shares_of_nothing_say_so() -> None:
    chart = draw_shares([SharePoint(window=WINDOWS[0], missing=0.0, unseen=0.0)])

    assert chart.title == "No rows were missing, new or out of range in these windows."
