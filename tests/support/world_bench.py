"""A simulated world watched by the real jobs, on a real store: what its monitor would have told, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from driftwatch.calibration.budget import Budget
from driftwatch.incidents.incident import NoticeType
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.batches import Batch
from driftwatch.jobs.monitor import Monitor, ReferenceSpec, Rolling
from driftwatch.jobs.reference import ensure_reference
from driftwatch.jobs.replay import replay_windows
from driftwatch.jobs.windows import Schedule
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.incidents import list_events
from tests.support.clocks import FakeClock
from tests.support.monitors import Bench, attach, make_parts
from tests.support.sources_fake import FakeSource
from tests.support.worlds import World

__all__ = ["list_tellings", "set_up_world", "watch_world"]

_TELLING = frozenset({NoticeType.OPENED, NoticeType.UPDATED})


@dataclass(slots=True)
class _WorldReader:
    """Gives the windows of a world in order, as if a source had been read."""

    world: World
    at_once: int = 1
    _coming: Iterator[tuple[Window, Profile]] = field(init=False)

    def __post_init__(self) -> None:
        self._coming = iter(self.world.windows)

    def take(self, window: Window) -> Batch:
        return next(Batch(profile=profile) for found, profile in self._coming if found == window)

    def open_batches(
        self,
        monitor: Monitor,  # noqa: ARG002 - named as in the contract
        reference: Reference,  # noqa: ARG002
        windows: Sequence[Window],  # noqa: ARG002
    ) -> _WorldReader:
        return self

    def read_reference(self, monitor: Monitor) -> Reference:  # noqa: ARG002 - named as in the contract
        return self.world.reference

    def count_rows(
        self, monitor: Monitor, windows: Sequence[Window], column: str | None
    ) -> Mapping[Window, int]:
        raise NotImplementedError

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


def set_up_world(
    database: Database, world: World, *, name: str = "world", beside: Rolling | None = None
) -> Bench:
    """Return a monitor of a world of daily windows, promised one false page in 30 days.

    With a rolling reference `beside` the pinned one, each of the two has half of the promise.
    """
    spans = [block.window for block in world.reference.blocks if block.window is not None]
    clock, reader = FakeClock(spans[-1].end), _WorldReader(world)
    source = FakeSource({})
    monitor = Monitor(
        id=name,
        source=source,
        schedule=Schedule(every=timedelta(days=1)),
        reference=ReferenceSpec(start=spans[0].start, end=spans[-1].end, beside=beside),
        identity=name,
        fingerprint=name,
        judging=Judging(budget=Budget(share=1.0 if beside is None else 0.5)),
        policy=Policy(season=timedelta(days=7)),
        notify=("oncall",),
    )
    row = attach(database, monitor, clock.now())
    watch = ensure_reference(database, monitor, row, clock.now(), read=reader.read_reference)
    clock.move_to(spans[-1].end + world.spec.windows * world.spec.length)
    return Bench(parts=make_parts(database, clock, reader=reader), clock=clock, source=source, watch=watch)


def watch_world(bench: Bench, windows: Sequence[Window]) -> None:
    """Judge `windows`, which follow upon those that were judged, and tell of them as a daemon would."""
    for _ in replay_windows(bench.parts, bench.watch, windows, notify="all"):
        pass


def list_tellings(bench: Bench, windows: Sequence[Window]) -> list[bool]:
    """Return of each window whether people were told of something new in it."""
    database = bench.parts.database
    numbers = [one.id or 0 for one in bench.incidents()]
    events = [
        event for number in numbers for event in database.read(partial(list_events, incident_id=number))
    ]
    told = {event.window_start for event in events if event.notice in _TELLING}
    return [window.start in told for window in windows]
