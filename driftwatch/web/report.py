"""A monitor as one file: what its page shows, readable without driftwatch, a network or scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from markupsafe import Markup

from driftwatch.charts.look import Ground
from driftwatch.charts.values import Chart, Spec
from driftwatch.errors import PictureError
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.as_json import build_delivery_json, build_version_json
from driftwatch.jobs.cases import Case
from driftwatch.jobs.column_charts import draw_sides
from driftwatch.jobs.column_evidence import read_column
from driftwatch.store.delivery import DeliveryRow
from driftwatch.store.monitors import MonitorRow, find_monitor
from driftwatch.store.outbox import list_deliveries
from driftwatch.store.references import ReferenceRow, ReferenceState, list_references
from driftwatch.store.tellings import list_tellings
from driftwatch.web.assets import STATIC
from driftwatch.web.frame import render_text
from driftwatch.web.house import House
from driftwatch.web.monitors import MonitorPage, read_monitor
from driftwatch.web.telling import say_telling

__all__ = ["Drawn", "Report", "build_report_json", "read_report", "write_report"]

_DELIVERIES: Final = 15
_WORST: Final = 3
_SHEETS: Final = ("style.css", "print.css")
_POLICY: Final = (
    "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'"
)
_GROUNDS: Final[tuple[Ground, ...]] = ("light", "dark")

Draw = Callable[..., bytes]
"""What makes a PNG of a specification, on a light or a dark `ground`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report says of a monitor; `told` says of each open incident whether people know of it."""

    page: MonitorPage
    opened: tuple[Case, ...]
    told: tuple[str, ...]
    deliveries: tuple[DeliveryRow, ...]
    reference: ReferenceRow | None
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture in a report: the same for light and dark screens, or why there is none."""

    chart: Chart
    light: str = ""
    dark: str = ""
    failed: str = ""


def read_report(house: House, name: str) -> Report:
    """Return the report of a monitor. Raises UsageError where the configuration names none like it."""
    page = read_monitor(house, name)
    row = house.read(lambda tx: find_monitor(tx, name))
    opened = tuple(case for case in page.cases if case.incident.is_open)
    numbers = [case.incident.id or 0 for case in opened]
    tellings = house.read(lambda tx: list_tellings(tx, numbers)) if numbers else {}
    return Report(
        page=page,
        opened=opened,
        told=tuple(say_telling(case.incident, tellings.get(case.incident.id or 0, {})) for case in opened),
        deliveries=_list_deliveries(house, page.cases),
        reference=None if row is None else house.read(lambda tx: _find_reference(tx, row)),
        charts=(*page.charts, *(() if row is None else _draw_sides(house, page, row))),
    )


def _list_deliveries(house: House, cases: Sequence[Case]) -> tuple[DeliveryRow, ...]:
    """Return the latest messages about the incidents of the page, the newest first."""

    def read(tx: sa.Connection) -> list[DeliveryRow]:
        return [row for case in cases for row in list_deliveries(tx, incident_id=case.incident.id)]

    found = sorted(house.read(read), key=lambda one: one.created_at, reverse=True)
    return tuple(found[:_DELIVERIES])


def _find_reference(tx: sa.Connection, row: MonitorRow) -> ReferenceRow | None:
    return next((one for one in list_references(tx, row) if one.state is ReferenceState.ACTIVE), None)


def _draw_sides(house: House, page: MonitorPage, row: MonitorRow) -> Iterator[Chart]:
    """Yield the reference against the current rows of the columns in which most was found."""
    for column in [one.name for one in page.columns if one.findings][:_WORST]:
        found = read_column(house.app.database, house.columns, row, column)
        charts = [] if found.current is None else draw_sides(found.reference, found.current)
        yield from (replace(one, title=f"{column}: {one.title}") for one in charts[:1])


def write_report(found: Report, draw: Draw) -> str:
    """Return a report as HTML that asks nobody for anything; `draw` makes its pictures."""
    sheet = "".join((STATIC / name).read_text(encoding="utf-8") for name in _SHEETS)
    allowed = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode("ascii")
    return render_text(
        "report.html",
        {
            "report": found,
            "page": found.page,
            "drawn": [_draw(chart, draw) for chart in found.charts],
            # The sheet is a file of ours: nothing that people or data wrote is in it.
            "sheet": Markup(sheet),  # noqa: S704
            "policy": _POLICY.format(allowed),
        },
    )


def _draw(chart: Chart, draw: Draw) -> Drawn:
    try:
        light, dark = (_embed(draw(_untitle(chart.spec), ground=ground)) for ground in _GROUNDS)
    except PictureError as error:
        return Drawn(chart=chart, failed=str(error))
    return Drawn(chart=chart, light=light, dark=dark)


def _untitle(spec: Spec) -> Spec:
    # The report has the title as a heading.
    return {name: part for name, part in spec.items() if name != "title"}


def _embed(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def build_report_json(found: Report) -> dict[str, Any]:
    """Return a report as `driftwatch.report/v1`."""
    page = found.page
    return {
        "schema": "driftwatch.report/v1",
        "now": write_stamp(page.now.replace(microsecond=0)),
        "sentence": page.sentence,
        "monitor": page.status.to_json(),
        "incidents": [
            {**case.to_json(), "for_everyone": list(case.words.for_everyone), "told": told}
            for case, told in zip(found.opened, found.told, strict=True)
        ],
        "windows": [
            {
                "start": write_stamp(row.window.start),
                "end": write_stamp(row.window.end),
                "verdict": row.verdict.word.value,
                "rows": row.verdict.rows,
                "score": row.verdict.score,
                "limit": row.verdict.limit,
            }
            for row in page.windows
        ],
        "columns": [
            {
                "column": one.name,
                "statistics": {name: found.value for name, found in one.statistics.items()},
                "findings": [finding.text for finding in one.findings],
            }
            for one in page.columns
        ],
        "deliveries": [build_delivery_json(row) for row in found.deliveries],
        "reference": None if found.reference is None else build_version_json(found.reference),
        "schedule": page.schedule,
        "next_runs": [write_stamp(one) for one in page.next_runs],
    }
