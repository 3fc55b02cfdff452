"""Derived columns through the whole of a monitor: built, stored, counted, judged and told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.incidents.finding import FindingKind
from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reference import build_watch, ensure_reference
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.grid import get_recipe
from driftwatch.profiles.reference import Reference
from driftwatch.store.database import Database
from driftwatch.store.references import ReferenceState, list_references
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, Bench, due, set_up
from tests.support.sources_fake import FakeSource

DERIVED = ColumnOptions(derived=True)
EFFECT = Judging(minimum_effect=0.02)
ROWS = 1000


def draw(number: int, *, correlation: float = 0.8) -> pa.Table:
    rng = np.random.default_rng(number + 100)
    amount = rng.normal(size=ROWS)
    balance = correlation * amount + np.sqrt(1 - correlation**2) * rng.normal(size=ROWS)
    return pa.table({"amount": amount, "balance": balance, "age": rng.normal(size=ROWS)})


def start(database: Database, columns: ColumnOptions = DERIVED, judging: Judging = EFFECT) -> Bench:
    source = FakeSource({day(number): draw(number) for number in BLOCKS})
    return set_up(database, source=source, columns=columns, judging=judging)


def check(bench: Bench, number: int, rows: pa.Table) -> None:
    bench.source.rows[day(number)] = rows
    bench.tick_at(due(number))


def list_derived(reference: Reference) -> list[str]:
    return [name for name, grid in reference.grids.items() if get_recipe(grid) is not None]


def test_a_relation_that_breaks_opens_an_incident_of_the_columns_derived_from_it(database: Database) -> None:
    bench = start(database)
    check(bench, 1, draw(1))
    check(bench, 2, draw(2, correlation=0.2))

    assert bench.words() == ["ok", "drift"]
    incident = bench.incidents(IncidentKind.DRIFT)[0]
    assert {member.column for member in incident.members} >= {"amount × balance", "PCA last"}
    assert {"amount", "balance", "age"}.isdisjoint({member.column for member in incident.members})
    text = next(member.text for member in incident.members if member.column == "amount × balance")
    assert "the relation between amount and balance: their mean product" in text
    assert bench.told() == ["opened"]


def test_without_derived_columns_nobody_sees_it(database: Database) -> None:
    bench = start(database, ColumnOptions())
    check(bench, 1, draw(1, correlation=0.2))

    assert bench.words() == ["ok"]


@pytest.mark.parametrize("values", [None, pa.nulls(ROWS, pa.float64()), pa.array(["x"] * ROWS)])
def test_what_is_wrong_with_a_carrier_is_told_of_the_carrier_alone(
    database: Database, values: pa.Array | None
) -> None:
    bench = start(database)
    rows = draw(1).drop_columns(["amount"])
    check(bench, 1, rows if values is None else rows.append_column("amount", values))
    bench.tick_at(due(1) + timedelta(days=2))

    findings = bench.verdicts()[0].verdict.findings
    assert [finding.column for finding in findings] == ["amount"]
    assert set(list_derived(bench.watch.reference)).isdisjoint(bench.verdicts()[0].verdict.statistics)


def test_missing_values_of_a_carrier_are_no_finding_about_what_is_derived_from_it(database: Database) -> None:
    bench = start(database)
    rows = draw(1)
    amounts = [None if place % 5 == 0 else value for place, value in enumerate(rows["amount"].to_pylist())]
    check(bench, 1, rows.set_column(0, "amount", pa.array(amounts)))

    kinds = {(one.column, one.kind) for one in bench.verdicts()[0].verdict.findings}
    assert ("amount", FindingKind.MISSING) in kinds
    assert all(column == "amount" or kind is FindingKind.DRIFT for column, kind in kinds)


def test_a_rule_for_every_column_is_not_about_derived_ones_and_one_that_names_one_is(
    database: Database,
) -> None:
    rules = (
        Rule(column="*", statistic="ks", limit=0.08),
        Rule(column="PCA last", statistic="ks", limit=0.05),
    )
    bench = start(database, judging=Judging(minimum_effect=None, rules=rules))
    check(bench, 1, draw(1, correlation=0.2))

    findings = bench.verdicts()[0].verdict.findings
    assert [(finding.column, finding.limit) for finding in findings] == [("PCA last", 0.05)]


def test_switching_them_on_builds_a_candidate_and_off_leaves_them_out_at_once(database: Database) -> None:
    bench = start(database, ColumnOptions())
    assert list_derived(bench.watch.reference) == []

    wanted = replace(bench.monitor, columns=DERIVED)
    watch = ensure_reference(database, wanted, bench.watch.row, bench.clock.now())

    versions = database.read(lambda tx: list_references(tx, bench.watch.row))
    assert [version.state for version in versions] == [ReferenceState.ACTIVE, ReferenceState.CANDIDATE]
    assert list_derived(watch.reference) == []


def test_derived_columns_of_the_active_reference_are_not_judged_once_they_are_switched_off(
    database: Database,
) -> None:
    bench = start(database)
    judged = list_derived(bench.watch.reference)

    def leave(monitor: Monitor) -> Reference:
        return build_watch(monitor, bench.watch.row, bench.watch.reference).reference

    assert judged == ["amount × balance", "PCA 1", "PCA last", "PCA residual"]
    assert list_derived(leave(bench.monitor)) == judged
    assert list_derived(leave(replace(bench.monitor, columns=ColumnOptions()))) == []
    without_age = ColumnOptions(derived=True, exclude=("age",))
    assert list_derived(leave(replace(bench.monitor, columns=without_age))) == ["amount × balance"]
