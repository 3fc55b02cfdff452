"""What is said of promoting a version is what promoting it does; two versions differ where they should."""

from __future__ import annotations

from dataclasses import replace

import pytest

from driftwatch.errors import UsageError
from driftwatch.jobs.acceptance import accept_incident
from driftwatch.jobs.live import plan_all
from driftwatch.jobs.promotion import promote_version
from driftwatch.jobs.reference import ensure_reference
from driftwatch.jobs.versions import (
    compare_versions,
    fingerprint_reference,
    foresee_promotion,
    need_version,
)
from driftwatch.store.database import Database
from driftwatch.store.references import list_references, list_versions
from tests.support.monitors import Bench, attach, set_up


def with_accepted(database: Database) -> Bench:
    """Return a bench whose incident was accepted: version 2 judges, version 1 judged before."""
    bench = set_up(database)
    bench.live("..aa")
    (incident,) = bench.incidents()
    accept_incident(bench.parts, bench.monitor, incident, "ann", "the fares rose")
    return take_up(bench)


def take_up(bench: Bench) -> Bench:
    now = bench.clock.now()
    row = attach(bench.parts.database, bench.monitor, now)
    return replace(bench, watch=ensure_reference(bench.parts.database, bench.monitor, row, now))


def test_columns_that_differ_stand_first_and_the_others_do_not_differ(store: Database) -> None:
    bench = with_accepted(store)
    one, two = (need_version(bench.parts, bench.monitor, number) for number in (1, 2))

    found = {each.column: each for each in compare_versions(one, two)}

    assert next(iter(found)) == "amount"
    assert (found["amount"].moved_share or 0) > 0.2
    assert (found["city"].moved_share, found["city"].ks, found["city"].psi) == (0.0, None, 0.0)
    same = compare_versions(one, one)
    assert all(not each.moved_share and not each.ks and not each.psi and not each.why for each in same)


def test_a_column_of_one_of_them_is_named(store: Database) -> None:
    bench = with_accepted(store)
    one = need_version(bench.parts, bench.monitor, 1)
    without = one.leave_out({"city": "not wanted"})

    assert [(each.column, each.why) for each in compare_versions(one, without) if each.why] == [
        ("city", "only in the first")
    ]
    assert [each.why for each in compare_versions(without, one) if each.why] == ["only in the second"]


def test_a_fingerprint_is_that_of_what_was_counted(store: Database) -> None:
    bench = with_accepted(store)
    one, two = (need_version(bench.parts, bench.monitor, number) for number in (1, 2))

    assert fingerprint_reference(one) == fingerprint_reference(need_version(bench.parts, bench.monitor, 1))
    assert fingerprint_reference(one) != fingerprint_reference(two)
    fewer = replace(one, blocks=one.blocks[1:])
    assert fingerprint_reference(fewer) != fingerprint_reference(one)


def test_what_is_said_of_going_back_is_what_it_does(store: Database) -> None:
    bench = with_accepted(store)
    bench.live("..", first=5)
    opened = [one.id for one in bench.incidents() if one.is_open]

    effects = foresee_promotion(bench.parts, bench.monitor)
    promote_version(bench.parts, bench.monitor, effects.version.version, who="ben", why="too early")
    after = take_up(bench)
    plan_all(after.parts, [after.watch])

    assert effects.version.version == 1
    assert effects.active is not None
    assert effects.active.version == 2
    assert [case.incident.id for case in effects.ends] == opened
    assert not any(one.is_open for one in after.incidents())
    assert len(after.waiting()) == effects.owed == 6
    assert after.watch.row.history == effects.history
    (known,) = [
        one for one in store.read(lambda tx: list_references(tx, after.watch.row)) if one.version == 1
    ]
    assert (known.promoted_by, known.promoted_why) == ("ben", "too early")


def test_the_version_that_judges_changes_nothing_and_one_that_is_not_there_is_refused(
    store: Database,
) -> None:
    bench = set_up(store)

    assert foresee_promotion(bench.parts, bench.monitor, 1).changes_nothing
    with pytest.raises(UsageError, match="has no reference version 7"):
        foresee_promotion(bench.parts, bench.monitor, 7)
    with pytest.raises(UsageError, match="no other reference version was active"):
        foresee_promotion(bench.parts, bench.monitor)
    with pytest.raises(UsageError, match="has no reference version 7"):
        need_version(bench.parts, bench.monitor, 7)


def test_versions_of_several_monitors_are_listed_at_once(store: Database) -> None:
    bench = with_accepted(store)

    found = store.read(lambda tx: list_versions(tx, ["flights", "rides"]))

    assert found["flights"] == store.read(lambda tx: list_references(tx, bench.watch.row))
    assert "rides" not in found
    assert store.read(lambda tx: list_versions(tx, [])) == {}
