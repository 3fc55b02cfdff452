from __future__ import annotations

import sqlalchemy as sa

from driftwatch.incidents.gate import Decision
from driftwatch.incidents.incident import Severity
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.gating import Gatekeeper, build_subject
from driftwatch.jobs.maintenance import GateRules
from driftwatch.store.database import Database
from driftwatch.store.tables import deliveries
from tests.support.incidents import make_incident
from tests.support.monitors import Bench, set_up


def ask(bench: Bench, notice: str, **options: str) -> Decision:
    """Return what the gate says about the first incident of `bench`."""
    incident = bench.incidents()[0]

    def work(tx: sa.Connection) -> Decision:
        gate = Gatekeeper(tx=tx, parts=bench.parts, now=bench.clock.now())
        return gate.ask_about(incident, notice, "oncall", **options)

    return bench.parts.database.write(work)


def test_what_is_asked_when_something_falls_due_is_asked_of_the_same_gate(database: Database) -> None:
    bench = set_up(database)
    bench.live("a")

    assert ask(bench, "incident.reminder").sends


def test_what_waits_when_its_monitor_goes_into_shadow_mode_is_not_sent(store: Database) -> None:
    bench = set_up(store, parts=[("gate", GateRules(shadowed=frozenset({"flights"})))])
    bench.live("a")

    deliver_due(bench.parts)

    (row,) = bench.deliveries()
    assert (row.state, row.decision) == ("suppressed", "the monitor is in shadow mode")
    assert bench.channel.sent == []


def test_a_notice_that_cannot_be_read_waits_and_holds_up_no_other(store: Database) -> None:
    bench = set_up(store)
    bench.live("m")
    first = bench.deliveries()[0]
    broken = sa.update(deliveries).where(deliveries.c.id == first.id).values(body="{}")
    store.write(lambda tx: tx.execute(broken).rowcount)

    deliver_due(bench.parts)

    rows = {row.id: row for row in bench.deliveries()}
    assert rows[first.id].state == "pending"
    assert rows[first.id].decision == "it could not be read; the log of driftwatch has the details"
    assert len(bench.channel.sent) == 1


def test_silences_see_the_columns_that_people_are_told_of() -> None:
    incident = make_incident(severity=Severity.CRITICAL)

    subject = build_subject(incident, "data")

    assert (subject.monitor, subject.owner, subject.kind, subject.severity, subject.columns) == (
        "flights",
        "data",
        "drift",
        "critical",
        ("dep_delay",),
    )
