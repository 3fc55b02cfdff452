"""One run from beginning to end: a script, daemons, trouble, calm, and the comparison."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from driftwatch.errors import StoreError
from driftwatch.net.engines import open_engine
from driftwatch.store import migrations
from driftwatch.torture.comparing import Evidence, Finding, compare
from driftwatch.torture.nursery import Orders
from driftwatch.torture.observed import Unsettled, count_unsettled, observe
from driftwatch.torture.oracle import expect
from driftwatch.torture.receiver import Manner, Receiver
from driftwatch.torture.replicas import NURSERY, Replicas
from driftwatch.torture.script import WINDOW, Script, draw_parts
from driftwatch.torture.troubles import Counts, Plan, Troubles, read_reached
from driftwatch.torture.world import World, build_world

__all__ = ["Run", "Settings", "run_campaign"]

_SETTLE_SECONDS = 90.0
_CALM_LOOKS = 5
_STOP_SECONDS = 5.0
_UNDER_WAY = 1.5
"""How long what was claimed before a silence may still be on its way."""
# A silence lasts 30 days at most; these are around the time of the script.
_EVERYTHING = ("--monitor", "*", "--from", "2031-04-25", "--to", "2031-05-20", "--reason", "torture")
_LEAD, _LEAD_OF_A_MONITOR = 1.5, 0.12
_MISSED = 1.5 * WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is run. `speed` is how much faster the daemons' clock is; `lease` is really so many seconds.

    `store_url` is None for a SQLite file of its own; `proxied_url` is how the daemons reach the store, where
    that differs from how the outcome is read. The receiver meets `bad_share` of the calls in one of the
    `manners`, the usual ones where these are empty. `silences`: half-way everything is silenced.
    """

    seed: int
    seconds: float = 60.0
    monitors: int = 24
    speed: float = 30.0
    lease: float = 1.5
    channels: tuple[str, ...] = ("hook", "pager")
    store_url: str | None = None
    proxied_url: str | None = None
    plan: Plan = field(default_factory=Plan)
    command: Sequence[str] = NURSERY
    settle_seconds: float = _SETTLE_SECONDS
    bad_share: float = 0.25
    manners: tuple[Manner, ...] = ()
    silences: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of a run: a good one has nothing unsettled and no violations."""

    seed: int
    counts: Counts
    findings: Sequence[Finding]
    unsettled: Unsettled
    settled_after: float
    reached: tuple[str, ...]
    calls: int
    repeated_calls: int
    notices: int
    log: Path

    @property
    def is_good(self) -> bool:
        """Whether everything that was promised has held."""
        return not self.unsettled and not any(finding.violations for finding in self.findings)


def run_campaign(settings: Settings, folder: Path, say: Callable[[str], None] = lambda _: None) -> Run:
    """Run daemons through trouble in the empty `folder`, let all settle, and return what came of it.

    `say` is given a line now and then.
    """
    windows = max(1, int(settings.seconds * settings.speed / WINDOW.total_seconds()))
    receiver = Receiver(settings.seed, share=settings.bad_share, manners=settings.manners)
    store_url = settings.store_url or f"sqlite:///{folder / 'store.db'}"
    # Far from the present, so that nothing can mix the two up; whole minutes are window edges.
    first = datetime(2031, 5, 1, 6, tzinfo=UTC)
    script = Script(
        seed=settings.seed,
        first=first,
        channels=settings.channels,
        parts=draw_parts(settings.seed, monitors=settings.monitors, windows=windows),
    )
    world = build_world(
        folder, script, store_url=settings.proxied_url or store_url, receiver_url=receiver.url
    )
    orders = Orders(
        config=world.config,
        log=world.log,
        reached=world.reached,
        fallen=world.fallen,
        origin=first,
        began=datetime.now(UTC),
        ends=script.find_start(windows) + 2 * WINDOW,
        speed=settings.speed,
        lease=settings.lease * settings.speed,
    )
    replicas = Replicas(orders, command=settings.command)
    troubles = Troubles(replicas, settings.plan, seed=settings.seed, world=world)
    try:
        replicas.wait_until_ready()
        say(f"seed {settings.seed}: {settings.monitors} monitors, {windows} windows each; trouble begins")
        opening = len(settings.plan.opening) * max(1, settings.plan.each)
        lead = timedelta(seconds=_LEAD + _LEAD_OF_A_MONITOR * settings.monitors + opening)
        orders = replicas.orders = replace(orders, began=datetime.now(UTC) + lead)
        _start_quietly(troubles, orders)
        quiet_from = _bring_trouble(settings, troubles, world)
        say("calm: the receiver answers, nobody is killed any more")
        receiver.behave()
        troubles.cease()
        unsettled, took = _settle(troubles, orders, script, store_url, settings.settle_seconds)
        replicas.stop_all(_STOP_SECONDS)
    finally:
        replicas.close()
        receiver.close()
    evidence = _gather(script, receiver, store_url, quiet_from)
    return Run(
        seed=settings.seed,
        counts=troubles.counts,
        findings=compare(evidence),
        unsettled=unsettled,
        settled_after=took,
        reached=read_reached(world.reached),
        calls=len(receiver.calls) + receiver.unread,
        repeated_calls=len(receiver.calls) - len({(call.path, call.id) for call in receiver.calls}),
        notices=len(evidence.observed.deliveries),
        log=world.log,
    )


def _bring_trouble(settings: Settings, troubles: Troubles, world: World) -> float | None:
    """Bring trouble for as long as the settings say; return when everything was silenced, None without."""
    ends_at = time.monotonic() + settings.seconds
    quiet_from = None
    if settings.silences:
        troubles.go_on(ends_at - settings.seconds / 2)
        _silence(world)
        quiet_from = time.monotonic() + _UNDER_WAY
    troubles.go_on(ends_at)
    return quiet_from


def _silence(world: World) -> None:
    command = [sys.executable, "-m", "driftwatch", "silence", "add", "-c", str(world.config), *_EVERYTHING]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program.


def _gather(script: Script, receiver: Receiver, store_url: str, quiet_from: float | None) -> Evidence:
    engine = open_engine(store_url, purpose="store", read_only=True)
    try:
        observed = observe(engine)
    finally:
        engine.dispose()
    return Evidence(
        script=script,
        expected=expect(script),
        observed=observed,
        calls=receiver.calls,
        quiet_from=quiet_from,
    )


def _start_quietly(troubles: Troubles, orders: Orders) -> None:
    """Let the first daemons build the store and the references before there is any trouble."""
    troubles.open()
    wait = (orders.began - datetime.now(UTC)).total_seconds()
    time.sleep(max(0.0, wait))


def _settle(
    troubles: Troubles, orders: Orders, script: Script, store_url: str, seconds: float
) -> tuple[Unsettled, float]:
    """Wait until nothing is left to do; return what is, and how long it took.

    Raises StoreError where no daemon gets as far as the tables of the store.
    """
    began = time.monotonic()
    _wait_for_tables(troubles, store_url, seconds)
    engine = open_engine(store_url, purpose="store", read_only=True)
    owed = sum(len(part.batches) for part in script.parts)
    until = script.find_start(max(len(part.batches) for part in script.parts))
    calm = 0
    try:
        while True:
            missed = orders.clock.now() - _MISSED
            unsettled = count_unsettled(engine, until=until, windows=owed, missed=missed)
            took = time.monotonic() - began
            calm = 0 if unsettled else calm + 1
            if calm > _CALM_LOOKS or took > seconds:
                return unsettled, took
            time.sleep(0.3)
            troubles.tend()
    finally:
        engine.dispose()


def _wait_for_tables(troubles: Troubles, store_url: str, seconds: float) -> None:
    """Let daemons live until one has made the tables: every one may have been ended before it did."""
    ends_at = time.monotonic() + seconds
    while not migrations.check(store_url).ok:
        if time.monotonic() > ends_at:
            raise StoreError(f"no daemon came as far as the tables of the store within {seconds:.0f} seconds")
        time.sleep(0.3)
        troubles.tend()
