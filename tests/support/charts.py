"""One of every picture, over a few daily windows."""

from __future__ import annotations

from datetime import timedelta

from driftwatch.charts.both_sides import draw_bins, draw_categories, draw_curves
from driftwatch.charts.many_columns import draw_heat, draw_quadrants
from driftwatch.charts.over_time import draw_scores, draw_shares, draw_statistic
from driftwatch.charts.values import (
    Bin,
    Category,
    Cells,
    Chart,
    Curves,
    Gap,
    Mark,
    MeasuredPoint,
    Placed,
    ScorePoint,
    SharePoint,
    Step,
)
from tests.support.incidents import day

__all__ = ["MARKS", "WINDOWS", "draw_every"]

WINDOWS = [day(number) for number in range(1, 6)]

MARKS = (
    Mark(at=day(2).start, until=day(4).start, kind="incident", words="Incident 1"),
    Mark(at=day(3).start, kind="label", words="drift, says Ana"),
    Mark(at=day(4).start, kind="reference", words="version 2"),
    Mark(at=day(4).start + timedelta(hours=6), kind="deploy", words="v1.2"),
)


def draw_every(name: str = "amount") -> list[Chart]:
    """Return one of every picture, about a column or a category called `name`."""
    return [
        draw_scores(
            [ScorePoint(window=one, word="ok", score=place, limit=3.2) for place, one in enumerate(WINDOWS)],
            MARKS,
        ),
        draw_statistic(
            "psi",
            [MeasuredPoint(window=one, value=place / 10) for place, one in enumerate(WINDOWS)],
            0.25,
            MARKS,
        ),
        draw_shares(
            [
                SharePoint(window=one, missing=place / 10, unseen=0.01, outside=0.0)
                for place, one in enumerate(WINDOWS)
            ],
            MARKS,
        ),
        draw_curves(
            Curves(
                steps=[
                    Step(value=1.0, reference=0.2, current=0.1),
                    Step(value=2.0, reference=0.8, current=0.3),
                    Step(value=3.0, reference=1.0, current=1.0),
                ],
                gap=Gap(value=2.0, reference=0.8, current=0.3),
                known=3,
            )
        ),
        draw_bins(
            [
                Bin(label="up to 1", reference=0.2, current=0.1, contribution=0.07),
                Bin(label="above 1", reference=0.8, current=0.9, contribution=0.01),
            ],
            0.08,
        ),
        draw_categories(
            [
                Category(name=name, reference=0.6, current=0.4),
                Category(name="other", reference=0.4, current=0.5, is_pooled=True),
                Category(name="unseen", reference=0.0, current=0.1, is_pooled=True),
            ]
        ),
        draw_heat(
            [
                Cells(
                    column=name,
                    importance=1.0,
                    shares=[0.0, 0.5, None, 0.1, 0.2],
                    found=["", "drift", "", "", ""],
                ),
                Cells(column="city", importance=3.0, shares=[0.3] * 5, found=[""] * 5),
            ],
            WINDOWS,
        ),
        draw_quadrants(
            [
                Placed(column=name, importance=1.0, moved=0.5),
                Placed(column="city", importance=3.0, moved=0.3),
                Placed(column="fee", importance=1.0, moved=0.0),
            ],
            0.02,
        ),
    ]
