"""Twelve protocol bugs, one at a time, put into a daemon before it starts: each must be found by the harness.

They are patches of the running program, applied by `tests/faults/mutant_nursery.py` alone; nothing in the
product knows of them.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import requests
import sqlalchemy as sa

from driftwatch.app import App
from driftwatch.channels import webhook
from driftwatch.channels.contract import Outcome
from driftwatch.failpoints import reach
from driftwatch.incidents import advance, axis
from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.gate import Decision, DecisionWord
from driftwatch.incidents.incident import Severity
from driftwatch.jobs import deliver, live, plan, recording
from driftwatch.jobs.gating import Gatekeeper
from driftwatch.jobs.outcomes import record_outcome
from driftwatch.jobs.windows import next_window
from driftwatch.store import slots, tables
from driftwatch.store.database import Database
from driftwatch.store.delivery import Attempt

__all__ = ["MUTANTS", "mutate"]


def mutate(name: str) -> None:
    """Put the bug `name` into this process."""
    MUTANTS[name]()


def _get(place: Any, name: str) -> Any:
    return getattr(place, name)


def _put(place: Any, name: str, replacement: object) -> None:
    setattr(place, name, replacement)


def mark_before_send() -> None:
    def wrong(parts: Any, claim: Any, members: Any) -> None:
        now = parts.clock.now()
        sent = Outcome(delivered=True, status=200)
        attempt = Attempt(started_at=now, ended_at=now, status=200)
        parts.database.write(lambda tx: record_outcome(tx, parts, claim, attempt, sent))
        deliver._send(parts, claim, members, now)
        parts.traffic.leave(claim.id)

    _put(deliver, "_deliver", wrong)


def outbox_in_a_second_transaction() -> None:
    waiting = threading.local()
    queue, write = _get(recording, "queue_delivery"), Database.write

    def set_aside(tx: Any, draft: Any, **options: Any) -> str:
        if not hasattr(waiting, "drafts"):
            waiting.drafts = []
        waiting.drafts.append((draft, options))
        return "later"

    def wrong(database: Database, work: Any, **options: Any) -> Any:
        waiting.drafts = []
        result = write(database, work, **options)
        if waiting.drafts:
            reach("mutant.between")
        for draft, how in waiting.drafts:
            write(database, partial(queue, draft=draft, **how))
        waiting.drafts = []
        return result

    _put(recording, "queue_delivery", set_aside)
    _put(Database, "write", wrong)


def no_fence() -> None:
    def wrong(claim: Any) -> sa.ColumnElement[bool]:
        return slots._is_slot(claim.monitor_id, claim.history, claim.window)

    _put(slots, "_is_claimed", wrong)


def no_unique_slot() -> None:
    enter = plan.enter_windows

    def plan_again(tx: sa.Connection, monitor: Any, windows: Sequence[Any]) -> None:
        for window, _ in windows:
            found = slots._is_slot(monitor.id, monitor.history, window)
            tx.execute(sa.update(tables.slots).where(found).values(state="due"))
        slots.plan_slots(tx, monitor, windows)

    def wrong(*arguments: Any) -> None:
        # What was looked up before is written a while later, as by a planner that was paused.
        time.sleep(random.choice([0.0, 0.0, 0.0, 1.0]))
        enter(*arguments)

    _put(plan, "plan_slots", plan_again)
    _put(plan, "enter_windows", wrong)


def state_reset_at_the_start() -> None:
    apply_config = App.apply_config

    def wrong(app: App) -> None:
        apply_config(app)
        forget = sa.update(tables.incidents).values(history=-1)
        app.database.write(lambda tx: tx.execute(forget))

    _put(App, "apply_config", wrong)


def resolve_by_expiry() -> None:
    plan_all = live.plan_all

    def wrong(parts: Any, watches: Any, *others: Any, **options: Any) -> None:
        plan_all(parts, watches, *others, **options)
        incidents = tables.incidents
        is_old = incidents.c.opened_at < parts.clock.now() - timedelta(minutes=3)
        expire = sa.update(incidents).where(incidents.c.state != "resolved", is_old)
        parts.database.write(lambda tx: tx.execute(expire.values(state="resolved", history=-1)))

    import driftwatch.daemon.daemon

    _put(driftwatch.daemon.daemon, "plan_all", wrong)


def no_data_counts_as_clean() -> None:
    read_axis = axis.read_axis

    def wrong(verdict: Any, kind: Any, members: Any) -> Any:
        if verdict.word is VerdictWord.NO_DATA:
            calm = frozenset(member.key for member in members)
            return axis.Sight(breached=(), severity=Severity.MINOR, calm=calm)
        return read_axis(verdict, kind, members)

    _put(advance, "read_axis", wrong)


def silence_checked_at_enqueue_alone() -> None:
    ask = Gatekeeper.ask

    def wrong(gate: Gatekeeper, row: Any) -> Decision:
        decision = ask(gate, row)
        if not decision.sends:
            gate.declined.pop()
        return replace(decision, word=DecisionWord.SEND)

    _put(Gatekeeper, "ask", wrong)


def new_id_at_every_try() -> None:
    unite = _get(deliver, "unite_messages")

    def wrong(claim: Any, members: Any) -> Any:
        message = unite(claim, members)
        return replace(message, id=f"{message.id[:-6]}{random.randrange(10**6):06}")

    _put(deliver, "unite_messages", wrong)


def redirects_are_followed() -> None:
    send = webhook.Webhook.send

    def wrong(channel: webhook.Webhook, message: Any, now: Any) -> Outcome:
        outcome = send(channel, message, now)
        if outcome.status == 307:
            there = channel.url.reveal().rsplit("/", 1)[0] + "/elsewhere"
            with suppress(requests.RequestException):
                requests.post(there, json={}, timeout=1)
            return Outcome(delivered=True, status=200)
        return outcome

    _put(webhook.Webhook, "send", wrong)


def database_errors_are_swallowed() -> None:
    queue = _get(recording, "queue_delivery")

    def wrong(tx: Any, draft: Any, **options: Any) -> str:
        try:
            if random.random() < 0.2:
                tx.exec_driver_sql("SELECT * FROM a_table_that_is_not_there")
            return str(queue(tx, draft, **options))
        except sa.exc.DBAPIError:
            return "never mind"

    _put(recording, "queue_delivery", wrong)


def cadence_advanced_twice() -> None:
    plan_windows = _get(plan, "plan_windows")

    def wrong(monitor: Any, *, newest: Any, **options: Any) -> Any:
        # As where two planners each move the next run on by one.
        if newest is not None and random.random() < 0.3:
            newest = next_window(monitor.schedule, newest)
        return plan_windows(monitor, newest=newest, **options)

    _put(plan, "plan_windows", wrong)


MUTANTS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        mark_before_send,
        outbox_in_a_second_transaction,
        no_fence,
        no_unique_slot,
        state_reset_at_the_start,
        resolve_by_expiry,
        no_data_counts_as_clean,
        silence_checked_at_enqueue_alone,
        new_id_at_every_try,
        redirects_are_followed,
        database_errors_are_swallowed,
        cadence_advanced_twice,
    )
}
