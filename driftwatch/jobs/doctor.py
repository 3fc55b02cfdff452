"""What the doctor says of clocks, time zones, the configuration, and of who works on the store (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from driftwatch.incidents.words import say_count, say_duration
from driftwatch.jobs.checks import Check, Health, pass_check, trouble, warn
from driftwatch.jobs.heartbeat import SILENCE, Beat
from driftwatch.store.outbox import OutboxSummary

__all__ = ["Life", "check_clock", "check_config", "check_life", "check_zones"]

_WORLD: Final = 0o002
_WORLD_READS: Final = 0o004
_CLOCK_WARNS, _CLOCK_TROUBLES = timedelta(seconds=1), timedelta(seconds=60)
_BACKUP_AGE: Final = timedelta(days=7)
_OUTBOX_WARNS, _OUTBOX_TROUBLES = timedelta(minutes=15), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What the store says of who works on it; `backed_up_at` None where no backup was ever taken."""

    now: datetime
    beat: Beat | None
    backed_up_at: datetime | None
    outbox: OutboxSummary
    fingerprint: str


def check_clock(offset: timedelta) -> Check:
    """Return what is to be said of how far the store's clock is ahead of this machine's.

    >>> check_clock(timedelta(seconds=-90)).health.value
    'trouble'
    """
    off = abs(offset)
    side = "ahead of" if offset > timedelta(0) else "behind"
    text = f"the store's clock is {off.total_seconds():.1f} s {side} this machine's"
    advice = "set both by the network's time (NTP): signatures and windows go by them"
    if off > _CLOCK_TROUBLES:
        return trouble(name="clock", text=text, advice=advice)
    if off > _CLOCK_WARNS:
        return warn("clock", text, advice)
    return pass_check("clock", "the store's and this machine's agree")


def check_zones(used: str | None, packaged: str | None) -> Check:
    """Return what is to be said of the time zones in use, by the versions of the tz database.

    `used` is that of the system, "" where it does not say and None where there is none; `packaged` that of
    the package tzdata, which is used then.

    >>> check_zones("2023c", "2026f").health.value
    'warning'
    """
    name = "time zones"
    if used and packaged and used < packaged:
        return warn(
            name,
            f"the system's tz database is {used}, the package tzdata has {packaged}",
            "update the system's, or let the package's be used: PYTHONTZPATH= in the environment",
        )
    if used is None and packaged is None:
        return trouble(name, "there is no tz database", "pip install tzdata")
    if used is None:
        return pass_check(name, f"tz database {packaged}, of the package tzdata")
    return pass_check(
        name, f"tz database {used}, of the system" if used else "the system's, it tells no version"
    )


def check_config(name: str, mode: int) -> Check:
    """Return what is to be said of who may read the configuration file, by its permissions."""
    if mode & _WORLD:
        return trouble(
            name="configuration",
            text=f"every account of this machine may change {name}, and whom it tells and runs",
            advice=f"chmod 600 {name}",
        )
    if mode & _WORLD_READS:
        return warn("configuration", f"every account of this machine may read {name}", f"chmod 640 {name}")
    return pass_check("configuration", f"{name} has no mistakes")


def check_life(life: Life) -> Iterator[Check]:
    """Yield what is to be said of the last backup, the daemon and what waits to be told."""
    yield _check_backup(life)
    yield _check_daemon(life)
    yield _check_outbox(life.outbox)


def _check_backup(life: Life) -> Check:
    advice = "driftwatch db backup FILE, every day"
    if life.backed_up_at is None:
        return warn("backup", "there never was one", advice)
    age = max(life.now - life.backed_up_at, timedelta(0))
    text = f"the last one is {say_duration(age)} old"
    return warn("backup", text, advice) if age > _BACKUP_AGE else pass_check("backup", text)


def _check_daemon(life: Life) -> Check:
    beat = life.beat
    if beat is None:
        return warn("daemon", "none runs: nothing is judged", "driftwatch serve")
    silent = life.now - beat.at
    if silent >= SILENCE:
        return trouble(
            name="daemon",
            text=f"{beat.owner} was seen last {say_duration(silent)} ago and did not end on purpose",
            advice="look at its log, then start it again: driftwatch serve",
        )
    if beat.jump is not None:
        return warn(
            "daemon", f"it waits: its time of day jumped by {beat.jump}", "set its clock by the network's"
        )
    if beat.config != life.fingerprint:
        return warn(
            "daemon", "it runs under another configuration than this file", "reload it: SIGHUP, or restart it"
        )
    return pass_check("daemon", f"{beat.owner} is at work")


def _check_outbox(outbox: OutboxSummary) -> Check:
    advice = "driftwatch delivery list shows why, delivery retry tries again"
    age = outbox.oldest_age
    if age is not None and age > _OUTBOX_WARNS:
        text = f"{say_count(outbox.pending, 'notice')} wait, the oldest for {say_duration(age)}"
        health = Health.TROUBLE if age > _OUTBOX_TROUBLES else Health.WARNING
        return Check(name="outbox", health=health, text=text, advice=advice)
    if outbox.failed:
        return warn("outbox", f"{say_count(outbox.failed, 'notice')} could not be delivered", advice)
    return pass_check(
        "outbox", f"{say_count(outbox.pending, 'notice')} on the way" if outbox.pending else "empty"
    )
