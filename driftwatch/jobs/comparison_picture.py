"""The picture of one column of a comparison, for notebooks."""

from __future__ import annotations

from driftwatch.errors import PictureError
from driftwatch.incidents.words import shorten
from driftwatch.jobs.column_charts import draw_sides
from driftwatch.jobs.comparison import ColumnComparison
from driftwatch.jobs.pictures import draw_png

__all__ = ["draw_column"]

_LONGEST_NAME = 60


def draw_column(column: ColumnComparison) -> bytes | None:
    """Return both sides of a column as PNG; None where there is nothing to draw, or it cannot be drawn."""
    if column.current is None:
        return None
    charts = draw_sides(column.reference, column.current)
    if not charts:
        return None
    words = f"{shorten(column.column, _LONGEST_NAME)}: {charts[0].title}"
    try:
        return draw_png({**charts[0].spec, "title": {"text": words}})
    except PictureError:
        # A notebook shows the text of it instead.
        return None
