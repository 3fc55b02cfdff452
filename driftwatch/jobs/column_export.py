"""What the page of a column shows, for programs: as JSON, and over time as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from driftwatch.incidents.finding import build_finding_json, keep_finite
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.column_evidence import ColumnEvidence
from driftwatch.jobs.column_figures import list_quantiles, list_rates
from driftwatch.statistics.catalogue import PARTS, Statistic

__all__ = ["build_column_json", "list_column_rows"]

Cell = str | float | datetime | None


def build_column_json(monitor: str, found: ColumnEvidence) -> dict[str, Any]:
    """Return what a column's page shows, plain values only: no NaN and no infinity."""
    verdict = found.shown.verdict
    rates, quantiles = (
        list_rates(found.reference, found.current),
        list_quantiles(found.reference, found.current),
    )
    return {
        "schema": "driftwatch.column/v1",
        "monitor": monitor,
        "column": found.column.name,
        "kind": found.column.kind,
        "window": {"start": write_stamp(verdict.window.start), "end": write_stamp(verdict.window.end)},
        "verdict": verdict.word.value,
        "reference": {"version": found.version, "rows": found.reference.rows},
        "current": None if found.current is None else {"rows": found.current.rows},
        "counts_kept": found.shown.grain.value if found.shown.grain else "as counted",
        "statistics": _spell(found.statistics),
        "findings": [build_finding_json(one) for one in verdict.findings if one.column == found.column.name],
        "rates": [{"what": one.what, "reference": one.reference, "current": one.current} for one in rates],
        "quantiles": [
            {
                "share": one.share,
                "reference": keep_finite(one.reference),
                "current": keep_finite(one.current),
            }
            for one in quantiles
        ],
        "windows": [
            {
                "start": write_stamp(row.window.start),
                "end": write_stamp(row.window.end),
                "verdict": row.verdict.word.value,
                "statistics": _spell(found.measured.get(row.window.start, {})),
            }
            for row in found.windows
        ],
    }


def list_column_rows(found: ColumnEvidence) -> tuple[list[str], list[list[Cell]]]:
    """Return what was measured of a column over time as a table: its heads, and a row for each window."""
    names = sorted({name for one in found.measured.values() for name in one})
    rows: list[list[Cell]] = []
    for row in found.windows:
        measured = found.measured.get(row.window.start, {})
        values = [measured[name].value if name in measured else None for name in names]
        rows.append([row.window.start, row.window.end, row.verdict.word.value, *values])
    return ["start", "end", "verdict", *names], rows


def _spell(measured: Mapping[str, Statistic]) -> dict[str, dict[str, float | None]]:
    return {
        name: {part: keep_finite(value) for part, value in zip(PARTS, one.parts, strict=True)}
        for name, one in measured.items()
    }
