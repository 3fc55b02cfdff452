"""Where a person, or a monitor that torture does not run, changes the store: killed there, nothing is lost.

Each action is done once without trouble, and what the store showed after every commit is noted. Then it is
done again on a new store and ends at the first place it passes, at the second, and so on: the store must show
what it showed after the last commit before that place, and doing it once more must come to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from driftwatch import failpoints
from driftwatch.calibration.budget import Budget
from driftwatch.channels.heartbeat import HEARTBEAT, Heartbeat
from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import acknowledge
from driftwatch.incidents.incident import Label
from driftwatch.incidents.rules import Judging
from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.acceptance import accept_incident
from driftwatch.jobs.backup import back_up_store, read_last_backup, try_pruning
from driftwatch.jobs.cases import change_case, label_case
from driftwatch.jobs.deliver import deliver_due, send_test
from driftwatch.jobs.digest import queue_digests
from driftwatch.jobs.kept_tracks import KeptTracks
from driftwatch.jobs.monitor import CatchUp, ReferenceSpec, Rolling
from driftwatch.jobs.parts import LEASE
from driftwatch.jobs.pausing import pause_monitor, resume_monitor
from driftwatch.jobs.pinging import queue_ping
from driftwatch.jobs.promotion import promote_version, restore_version
from driftwatch.jobs.reference import ensure_reference
from driftwatch.jobs.removal import remove_monitor
from driftwatch.jobs.retelling import retell_due
from driftwatch.jobs.retention import Retention
from driftwatch.jobs.retrain_request import request_retraining
from driftwatch.jobs.weekly import DigestPlan, queue_weeklies
from driftwatch.net.secrets import Secret
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.meta import list_meta, read_meta
from driftwatch.store.monitors import find_monitor
from driftwatch.store.pauses import list_pauses
from driftwatch.store.references import list_references
from driftwatch.store.silences import add_silence
from tests.support.databases import empty_database
from tests.support.incidents import day
from tests.support.monitors import Bench, attach, draw_rows, due, make_source, set_up, tell_story

pytestmark = pytest.mark.faults

HOUR = timedelta(hours=1)
BUDGETED = Judging(minimum_effect=0.02, budget=Budget())


class Killed(BaseException):
    """The process ends here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A store in which something is about to happen: what, and what is looked at."""

    bench: Bench
    act: Callable[[Bench], object]
    look: Callable[[Bench], object]
    repeats: bool = True


@dataclass(slots=True)
class Recorder:
    """Notes the places that are passed, and what the store shows after each commit."""

    look: Callable[[], object]
    shown: object = None
    passed: dict[str, object] = field(default_factory=dict)

    def get(self, name: str, /) -> Callable[[], None]:
        def note() -> None:
            if name.endswith(".committed"):
                self.shown = self.look()
            self.passed.setdefault(name, self.shown)

        return note


@dataclass(slots=True)
class Killer:
    """Ends the process at one place."""

    place: str

    def get(self, name: str, /) -> Callable[[], None] | None:
        return self._kill if name == self.place else None

    def _kill(self) -> None:
        raise Killed


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


def show(bench: Bench) -> object:
    """Return what people would see: verdicts, incidents, references, what is told and asked for."""
    database = bench.parts.database
    row = database.read(lambda tx: find_monitor(tx, bench.monitor.id))
    incidents = [
        (one.kind.value, one.state.value, one.acknowledged_by, one.label) for one in bench.incidents()
    ]
    versions = database.read(lambda tx: list_references(tx, bench.watch.row))
    return (
        row and (row.history, row.detached_at is None),
        [(one.verdict.window, one.verdict.word, one.revision) for one in bench.verdicts()],
        incidents,
        [(one.version, one.state.value) for one in versions],
        [(one.type, one.channel) for one in bench.deliveries()],
        len(bench.retrains()),
    )


def show_active(bench: Bench) -> object:
    """Return which columns were accepted into what judges now, and which incidents are open."""
    versions = bench.parts.database.read(lambda tx: list_references(tx, bench.watch.row))
    accepted = [one.spec.get("accepted", []) for one in versions if one.state.value == "active"]
    return [[said["columns"] for said in one] for one in accepted], [i.state.value for i in bench.incidents()]


def open_drift(database: Database, story: str = "..aa", **changes: Any) -> Bench:
    bench = set_up(database, judging=BUDGETED, retrain=None, **changes)
    bench.live(story)
    return bench


def find_number(bench: Bench) -> int:
    (incident,) = bench.incidents()
    return incident.id or 0


def with_candidate(database: Database) -> Bench:
    bench = open_drift(database)
    wider = replace(bench.monitor, reference=ReferenceSpec(start=day(-6).start, end=day(2).end))
    ensure_reference(database, wider, bench.watch.row, bench.clock.now())
    return bench


def stage_acknowledgement(database: Database, _: Path) -> Scene:
    def act(bench: Bench) -> None:
        change_case(
            bench.parts, [bench.monitor], find_number(bench), lambda one, now: acknowledge(one, "ann", now)
        )

    return Scene(bench=open_drift(database), act=act, look=show)


def stage_label(database: Database, _: Path) -> Scene:
    def act(bench: Bench) -> None:
        label_case(bench.parts, [bench.monitor], find_number(bench), Label.EXPECTED, "ann")

    return Scene(bench=open_drift(database, "..aa...."), act=act, look=show)


def stage_promotion(database: Database, _: Path) -> Scene:
    return Scene(
        bench=with_candidate(database),
        act=lambda bench: promote_version(bench.parts, bench.monitor, 2),
        look=show,
    )


def stage_rollback(database: Database, _: Path) -> Scene:
    bench = with_candidate(database)
    promote_version(bench.parts, bench.monitor, 2)
    # Said twice, it goes back and forth.
    return Scene(
        bench=bench, act=lambda one: restore_version(one.parts, one.monitor), look=show, repeats=False
    )


def stage_acceptance(database: Database, _: Path) -> Scene:
    bench = open_drift(database)
    (incident,) = bench.incidents()
    return Scene(
        bench=bench,
        act=lambda one: accept_incident(one.parts, one.monitor, incident, "ann"),
        look=show_active,
    )


def stage_removal(database: Database, _: Path) -> Scene:
    bench = open_drift(database)
    return Scene(bench=bench, act=lambda one: remove_monitor(one.parts, [], "flights", "ann"), look=show)


def stage_pause(database: Database, _: Path) -> Scene:
    def act(bench: Bench) -> None:
        with suppress(UsageError):
            pause_monitor(bench.parts, bench.monitor, who="ann", why="works")

    return Scene(bench=open_drift(database), act=act, look=show_pauses)


def stage_resumption(database: Database, _: Path) -> Scene:
    def act(bench: Bench) -> None:
        with suppress(UsageError):
            resume_monitor(bench.parts, bench.monitor, "ann")

    bench = open_drift(database)
    pause_monitor(bench.parts, bench.monitor, who="ann", why="works")
    return Scene(bench=bench, act=act, look=show_pauses)


def stage_retrain_request(database: Database, _: Path) -> Scene:
    def act(bench: Bench) -> None:
        with suppress(UsageError):
            request_retraining(bench.parts, bench.monitor, find_number(bench), who="ann", why="works")

    bench = set_up(database, judging=BUDGETED, retrain=RetrainPolicy(trigger="ci", after=9))
    bench.live("..aa")
    return Scene(bench=bench, act=act, look=show)


def show_pauses(bench: Bench) -> object:
    known = bench.parts.database.read(lambda tx: list_pauses(tx, bench.watch.row))
    return [(one.author, one.until is None, one.ended_by) for one in known]


def stage_test(database: Database, _: Path) -> Scene:
    bench = set_up(database)
    return Scene(
        bench=bench,
        act=lambda one: send_test(one.parts, "oncall"),
        look=lambda one: {row.type for row in one.deliveries()},
    )


def stage_backup(database: Database, folder: Path) -> Scene:
    url = database._address.render_as_string(hide_password=False)
    return Scene(
        bench=open_drift(database),
        act=lambda one: back_up_store(one.parts, url, folder / "copy.db", force=True),
        look=lambda one: one.parts.database.read(read_last_backup) is not None,
    )


def stage_trial_of_pruning(database: Database, _: Path) -> Scene:
    url = database._address.render_as_string(hide_password=False)
    return Scene(
        bench=open_drift(database),
        act=lambda one: try_pruning(one.parts, url, [one.monitor], Retention()),
        look=show,
    )


def stage_digest(database: Database, _: Path) -> Scene:
    bench = open_drift(database, mode="shadow")
    queue_digests(bench.parts, [bench.watch])
    bench.clock.move_to(day(11).start + 8 * HOUR)
    return Scene(bench=bench, act=lambda one: queue_digests(one.parts, [one.watch]), look=show)


WEEK = DigestPlan(owner=None, notify=("oncall",))


def stage_week(database: Database, _: Path) -> Scene:
    bench = open_drift(database)
    queue_weeklies(bench.parts, [WEEK], [bench.monitor])
    bench.clock.move_to(day(11).start + 8 * HOUR)
    return Scene(bench=bench, act=lambda one: queue_weeklies(one.parts, [WEEK], [one.monitor]), look=show)


def stage_end_of_weeks(database: Database, folder: Path) -> Scene:
    bench = stage_week(database, folder).bench
    return Scene(
        bench=bench,
        act=lambda one: queue_weeklies(one.parts, [], [one.monitor]),
        look=lambda one: one.parts.database.read(lambda tx: list_meta(tx, "weekly:")) == {},
    )


def stage_end_of_shadow(database: Database, folder: Path) -> Scene:
    bench = stage_digest(database, folder).bench
    queue_digests(bench.parts, [bench.watch])
    live = replace(bench, watch=replace(bench.watch, monitor=replace(bench.monitor, mode="live")))
    return Scene(
        bench=live,
        act=lambda one: queue_digests(one.parts, [one.watch]),
        look=lambda one: one.parts.database.read(lambda tx: read_meta(tx, "digest:flights")) is None,
    )


def stage_heartbeat(database: Database, _: Path) -> Scene:
    bench = set_up(database)
    channel = Heartbeat(url=Secret.of_text("http://127.0.0.1:9/x"), every=timedelta(minutes=5))
    channels = {**bench.parts.channels, HEARTBEAT: channel}
    bench = replace(bench, parts=replace(bench.parts, channels=channels))
    return Scene(bench=bench, act=lambda one: queue_ping(one.parts), look=show)


def stage_gap(database: Database, _: Path) -> Scene:
    bench = set_up(database, catch_up=CatchUp(policy="none"))
    bench.live("..")
    tell_story(bench.source, "." * 6, first=3)
    bench.clock.move_to(due(8))
    return Scene(bench=bench, act=lambda one: one.plan(), look=show)


def stage_replay(database: Database, _: Path) -> Scene:
    bench = set_up(database, judging=BUDGETED, retrain=None)
    tell_story(bench.source, "..aa")
    bench.clock.move_to(due(4))

    def look(one: Bench) -> object:
        # A window that was judged again has another revision, and says the same.
        said = [(row.verdict.window, row.verdict.word) for row in one.verdicts()]
        return said, [(i.kind.value, i.state.value) for i in one.incidents()], one.told()

    return Scene(bench=bench, act=lambda one: one.replay(1, 4, notify="final"), look=look)


def stage_rolling(database: Database, _: Path) -> Scene:
    source = make_source()
    source.rows |= {day(number): draw_rows(number) for number in range(-40, 1)}
    rolling = ReferenceSpec(rolling=Rolling(last=timedelta(days=7), gap=timedelta(days=7)))
    bench = set_up(database, source=source, reference=rolling, catch_up=CatchUp(at_most=1))
    bench.live("." * 6)
    tell_story(source, ".", first=7)
    bench.clock.move_to(due(7))
    return Scene(bench=bench, act=lambda one: one.tick(), look=show)


def stage_companion(database: Database, _: Path) -> Scene:
    bench = set_up(database, judging=BUDGETED, retrain=None)
    beside = Rolling(last=timedelta(days=7), gap=timedelta(days=1))
    both = replace(bench.monitor, reference=replace(bench.monitor.reference, beside=beside))
    row = attach(database, both, bench.clock.now())
    bench = replace(bench, watch=replace(bench.watch, monitor=both, row=row))
    tell_story(bench.source, ".", first=1)
    bench.clock.move_to(due(1))
    return Scene(bench=bench, act=lambda one: one.tick(), look=show)


def stage_first_window(database: Database, _: Path) -> Scene:
    bench = set_up(database, judging=BUDGETED, retrain=None)
    tell_story(bench.source, ".", first=1)
    bench.clock.move_to(due(1))
    return Scene(bench=bench, act=lambda one: one.tick(), look=show)


def stage_end_of_silence(database: Database, _: Path) -> Scene:
    bench = set_up(database)
    now = bench.clock.now()
    quiet = Silence(
        matchers=Matchers(monitor="*"),
        starts_at=now,
        ends_at=now + 30 * HOUR,
        author="ana",
        reason="works",
        created_at=now,
    )
    database.write(lambda tx: add_silence(tx, quiet))
    bench.live("a")
    deliver_due(bench.parts)
    bench.clock.advance(30 * HOUR)
    return Scene(bench=bench, act=lambda one: retell_due(one.parts, [one.monitor]), look=show)


STAGES = {
    "a person acknowledges an incident": (stage_acknowledgement, "cases.change"),
    "a person labels an incident": (stage_label, "cases.change"),
    "a person promotes a reference": (stage_promotion, "promotion._promote"),
    "a person goes back to a reference": (stage_rollback, "promotion.restore"),
    "a person accepts an incident": (stage_acceptance, "acceptance.save_reference"),
    "a person pauses a monitor": (stage_pause, "pausing.pause"),
    "a person resumes a monitor": (stage_resumption, "pausing.resume"),
    "a person asks for retraining": (stage_retrain_request, "retrain_request.ask"),
    "a person removes a monitor": (stage_removal, "removal.remove"),
    "a person sends a test": (stage_test, "deliver.queue_delivery"),
    "a person makes a backup": (stage_backup, "backup.write_meta"),
    "a person asks what pruning would do": (stage_trial_of_pruning, "backup.execute"),
    "a monitor in shadow mode reports": (stage_digest, "digest._write"),
    "the week of an owner is reported": (stage_week, "weekly.write_weekly"),
    "the week of an owner is reported no more": (stage_end_of_weeks, "weekly.forget_plans"),
    "a monitor leaves shadow mode": (stage_end_of_shadow, "digest.forget_meta"),
    "a heartbeat is configured": (stage_heartbeat, "pinging._queue"),
    "windows beyond catch_up are given up": (stage_gap, "plan._give_up"),
    "a person replays history": (stage_replay, "replay._tell_states"),
    "a rolling reference rolls": (stage_rolling, "rolling.save"),
    "a rolling reference begins beside a pinned one": (stage_companion, "companion.save"),
    "the first window under a false-alarm budget": (stage_first_window, "tracks.keep_block_scores"),
    "a silence ends": (stage_end_of_silence, "retelling._tell_owed"),
}


def restart(bench: Bench) -> Bench:
    """Return the monitor in another process, once the leases of the first have run out."""
    bench.clock.advance(2 * LEASE)
    return replace(bench, parts=replace(bench.parts, owner="another", kept=KeptTracks()))


@pytest.mark.parametrize("name", STAGES)
def test_killed_at_any_place_it_leaves_what_was_committed_and_can_be_done_again(
    name: str, database: Database, tmp_path: Path
) -> None:
    stage, unit = STAGES[name]
    scene = stage(database, tmp_path)
    recorder = Recorder(lambda: scene.look(scene.bench), scene.look(scene.bench))
    failpoints.arm(recorder)
    scene.act(scene.bench)
    failpoints.arm({})
    wanted = scene.look(scene.bench)
    assert {f"{unit}.{edge}" for edge in ("begun", "commit", "committed")} <= set(recorder.passed)

    for place, shown in recorder.passed.items():
        empty_database(database)
        scene = stage(database, tmp_path)
        failpoints.arm(Killer(place))
        with pytest.raises(Killed):
            scene.act(scene.bench)
        failpoints.arm({})
        assert scene.look(scene.bench) == shown, place

        if scene.repeats or shown != wanted:
            after = restart(scene.bench)
            # A person is told where it was done already.
            with suppress(UsageError):
                scene.act(after)
            assert scene.look(after) == wanted, place
