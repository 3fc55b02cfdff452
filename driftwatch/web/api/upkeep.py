"""What can be done to a monitor, its reference and its messages."""

from __future__ import annotations

from fastapi import Request
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.incidents.finding import build_window_json
from driftwatch.incidents.stamps import write_stamp
from driftwatch.jobs.as_json import build_version_json
from driftwatch.jobs.check_now import check_now
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.pausing import pause_monitor, resume_monitor
from driftwatch.jobs.promotion import promote_version, restore_version
from driftwatch.jobs.status import read_status
from driftwatch.store.outbox import retry_deliveries
from driftwatch.store.references import ReferenceRow
from driftwatch.web.api.answers import reply
from driftwatch.web.api.changing import CHANGES, Actor, By, Length, WhyBody, change, name_actor, read_length
from driftwatch.web.api.deliveries import DeliveryId, need_delivery, show_delivery
from driftwatch.web.api.references import VersionNumber
from driftwatch.web.api.routing import open_router
from driftwatch.web.api.shapes.deliveries import FoundDelivery
from driftwatch.web.api.shapes.monitors import Status
from driftwatch.web.api.shapes.references import References
from driftwatch.web.api.shapes.windows import Checked
from driftwatch.web.api.values import Name
from driftwatch.web.house import Here, House

__all__ = ["router"]

router = open_router("monitors")


class PauseBody(WhyBody):
    """For how long, and why."""

    for_: Length | None = Field(default=None, alias="for")
    """How long; until somebody resumes it without."""


@router.post("/monitors/{monitor}/pause", response_model=Status, dependencies=CHANGES)
def pause(house: Here, caller: Actor, monitor: Name, body: PauseBody) -> Response:
    """Have a monitor not judged for a while, or until it is resumed."""
    watched, who = house.app.find_monitor(monitor), name_actor(caller, body)
    until = None if body.for_ is None else house.now() + read_length(body.for_, "body.for")
    change(lambda: pause_monitor(house.app.parts, watched, who=who, why=body.why, until=until))
    return _show_status(house, watched)


@router.post("/monitors/{monitor}/resume", response_model=Status, dependencies=CHANGES)
def resume(house: Here, caller: Actor, monitor: Name, body: By) -> Response:
    """End the pause of a monitor: what fell due meanwhile is judged as its `catch_up` says."""
    watched, who = house.app.find_monitor(monitor), name_actor(caller, body)
    change(lambda: resume_monitor(house.app.parts, watched, who))
    return _show_status(house, watched)


@router.post("/monitors/{monitor}/check", response_model=Checked, tags=["windows"], dependencies=CHANGES)
def check(house: Here, caller: Actor, monitor: Name, body: By) -> Response:
    """Judge the windows that are due, those that wait for another try too; 200 at most.

    The answer comes when that is done, which takes as long as reading them does.
    """
    app = house.app
    watched = app.find_monitor(monitor)
    name_actor(caller, body)
    found = change(lambda: check_now(app.parts, watched, lambda: app.watch(watched)))
    document = {
        "schema": "driftwatch.checked/v1",
        "monitor": watched.id,
        "windows": [build_window_json(one.verdict, one.revision) for one in found.judged],
        "waiting": [{"start": write_stamp(one.start), "end": write_stamp(one.end)} for one in found.waiting],
        "next_due": write_stamp(found.next_due),
    }
    return reply(document)


@router.post(
    "/monitors/{monitor}/references/{version}/promote",
    response_model=References,
    tags=["references"],
    dependencies=CHANGES,
)
def promote(house: Here, caller: Actor, monitor: Name, version: VersionNumber, body: WhyBody) -> Response:
    """Make a version the one that judges: a new history begins, and what is open in the former one ends."""
    watched, who = house.app.find_monitor(monitor), name_actor(caller, body)
    return _show_version(
        watched, change(lambda: promote_version(house.app.parts, watched, version, who=who, why=body.why))
    )


@router.post(
    "/monitors/{monitor}/references/rollback",
    response_model=References,
    tags=["references"],
    dependencies=CHANGES,
)
def roll_back(house: Here, caller: Actor, monitor: Name, body: WhyBody) -> Response:
    """Promote the version that judged before the present one."""
    watched, who = house.app.find_monitor(monitor), name_actor(caller, body)
    return _show_version(
        watched, change(lambda: restore_version(house.app.parts, watched, who=who, why=body.why))
    )


@router.post(
    "/deliveries/{delivery}/retry", response_model=FoundDelivery, tags=["deliveries"], dependencies=CHANGES
)
def retry(request: Request, house: Here, caller: Actor, delivery: DeliveryId, body: By) -> Response:
    """Have a message that did not arrive, or waits, sent again at once, under the same id."""
    name_actor(caller, body)
    row, now = need_delivery(house, delivery), house.now()
    if not house.app.database.write(lambda tx: retry_deliveries(tx, ids=[row.id], now=now)):
        raise HTTPException(409, "It has arrived, or was not to be sent: there is nothing to send again.")
    return show_delivery(request, house, delivery)


def _show_status(house: House, monitor: Monitor) -> Response:
    return reply(read_status(house.app.database, [monitor], house.now()).to_json())


def _show_version(monitor: Monitor, row: ReferenceRow) -> Response:
    versions = [build_version_json(row)]
    return reply({"schema": "driftwatch.references/v1", "monitor": monitor.id, "references": versions})
