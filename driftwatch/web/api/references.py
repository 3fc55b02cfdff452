"""References: what production is compared with."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.jobs.as_json import build_odd_json, build_reference_json, build_version_json
from driftwatch.jobs.oddities import inspect_reference
from driftwatch.store.monitors import MonitorRow, find_monitor, name_companion
from driftwatch.store.references import ReferenceRow, load_reference
from driftwatch.store.references import list_references as list_rows
from driftwatch.web.access import Scope, need
from driftwatch.web.api.answers import answer
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.references import FoundReference, References
from driftwatch.web.api.values import Name
from driftwatch.web.api.windows import find_zone, need_row
from driftwatch.web.house import Here

__all__ = ["VersionNumber", "router"]

router = open_router("references")

_READ = [need(Scope.READ)]

VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version's number.")]


@router.get("/monitors/{monitor}/references", response_model=References, dependencies=_READ)
def list_references(request: Request, house: Here, monitor: Name) -> Response:
    """List the versions of a monitor's reference, the oldest first, and of the rolling one beside it."""
    row = need_row(house, monitor)
    versions = [build_version_json(one) for one in house.read(lambda tx: _list_versions(tx, row))]
    document = {"schema": "driftwatch.references/v1", "monitor": monitor, "references": versions}
    return answer(request, document)


@router.get("/monitors/{monitor}/references/{version}", response_model=FoundReference, dependencies=_READ)
def find_reference(request: Request, house: Here, monitor: Name, version: VersionNumber) -> Response:
    """Show the columns and blocks of one version, and the columns that are not judged with the reason."""
    row = need_row(house, monitor)
    reference = house.read(lambda tx: load_reference(tx, row, version))
    if reference is None:
        raise HTTPException(404, f"{monitor} has no reference version {version}.")
    watched = next((one for one in house.monitors if one.id == monitor), None)
    odd = inspect_reference(watched, reference) if watched else ()
    document = build_reference_json(monitor, reference) | build_odd_json(odd, find_zone(house, monitor))
    return answer(request, document)


def _list_versions(tx: sa.Connection, row: MonitorRow) -> list[ReferenceRow]:
    companion = find_monitor(tx, name_companion(row.key))
    beside = [] if companion is None else list_rows(tx, companion)
    return [*list_rows(tx, row), *beside]
