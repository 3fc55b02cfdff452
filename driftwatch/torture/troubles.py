"""What befalls the daemons while they work: kills, pauses longer than a claim, failpoints in turn."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from driftwatch.torture.replicas import Replicas
from driftwatch.torture.world import World

__all__ = ["IN_TURN", "Counts", "Plan", "Troubles", "read_reached"]

T = TypeVar("T")

_KILLED = -9
_STOP_SECONDS = 1.5
_OPENING_SECONDS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much trouble there is: something every `shortest` to `longest` seconds.

    It is a pause of `pause` seconds, longer than a claim lasts, for `pause_share` of the times, a kill for
    `kill_share`. `armed_share` of the daemons start with a failpoint: one of `points`, or where these are
    empty of all that were ever passed, in turn; with `together` they have all that still want crashes. A
    daemon that reaches none is replaced after `armed_seconds`. Trouble goes on, at most four times as long,
    until failpoints have ended `crashes` daemons, and each of them `each`. `opening` are passed when a store
    is new, and armed in its first daemons. `hazards` are further troubles, each called now and then.
    """

    replicas: int = 3
    shortest: float = 0.05
    longest: float = 0.45
    pause_share: float = 0.15
    kill_share: float = 0.85
    pause: float = 2.1
    armed_share: float = 0.5
    points: tuple[str, ...] = ()
    action: str = "kill"
    probability: float = 0.3
    armed_seconds: float = 3.0
    together: bool = False
    crashes: int = 0
    each: int = 0
    opening: tuple[str, ...] = ()
    hazards: tuple[Callable[[], None], ...] = ()
    hazard_every: float = 5.0


IN_TURN = Plan(
    replicas=2,
    shortest=0.03,
    longest=0.08,
    pause_share=0.0,
    kill_share=0.0,
    armed_share=1.0,
    probability=1.0,
    armed_seconds=2.5,
)
"""Nothing but failpoints, one after the other."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """What has befallen the daemons so far; `crashes` counts the ends at each failpoint."""

    starts: int = 0
    kills: int = 0
    pauses: int = 0
    hazards: int = 0
    crashes: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)


class Troubles:
    """Brings trouble on daemons, as the seed has it, and keeps their number up."""

    def __init__(self, replicas: Replicas, plan: Plan, *, seed: int, world: World) -> None:
        self.counts = Counts()
        self._replicas = replicas
        self._plan = plan
        self._world = world
        self._rng = np.random.default_rng([seed, 3])
        self._killed: set[int] = set()
        self._armed_at: dict[int, float] = {}
        self._tried: Counter[str] = Counter()
        self._due: list[tuple[float, int]] = []
        self._next_hazard = time.monotonic() + plan.hazard_every

    def go_on(self, until: float) -> None:
        """Bring trouble until the monotonic clock shows `until`."""
        if self._plan.armed_share >= 1.0:
            # Those of the quiet start have no failpoint in them.
            for pid in list(self._replicas.running):
                self._kill(pid)
        latest = until + 3 * max(0.0, until - time.monotonic())
        while time.monotonic() < until or (self._wants_crashes() and time.monotonic() < latest):
            self._refill()
            time.sleep(self._rng.uniform(self._plan.shortest, self._plan.longest))
            self._resume(time.monotonic())
            self._strike()
            if self._plan.hazards and time.monotonic() >= self._next_hazard:
                self._next_hazard = time.monotonic() + self._plan.hazard_every
                self.counts.hazards += 1
                self._choose(self._plan.hazards)()

    def open(self) -> None:
        """Start the first daemons, ended at places that only first ones pass, then those that stay."""
        each = max(1, self._plan.each)
        while points := [one for one in self._plan.opening if self.counts.crashes[one] < each]:
            pid = self._start(points, probability=1.0, action="kill")
            ends_at = time.monotonic() + _OPENING_SECONDS
            while pid in self._replicas.running and time.monotonic() < ends_at:
                time.sleep(0.02)
                self._look()
            if pid in self._replicas.running:
                # The store is not new any more: what is left is passed no second time.
                self._kill(pid)
                break
        self.tend()

    def cease(self) -> None:
        """End the trouble: who is paused goes on, who is armed is killed, and all are there again."""
        self._resume(float("inf"))
        for pid in list(self._armed_at):
            if pid in self._replicas.running:
                self._kill(pid)
        time.sleep(0.1)
        self.tend()

    def tend(self) -> None:
        """Start as many daemons as have ended, without any trouble in them."""
        self._look()
        while len(self._replicas.running) < self._plan.replicas:
            self._replicas.start()
            self.counts.starts += 1

    def _refill(self) -> None:
        self._look()
        while len(self._replicas.running) < self._plan.replicas:
            self._start(self._choose_points(), probability=self._plan.probability, action=self._plan.action)

    def _start(self, points: Sequence[str], *, probability: float, action: str) -> int:
        text = ",".join(f"{point}:{probability}:{action}" for point in points)
        pid = self._replicas.start(failpoints=text, seed=int(self._rng.integers(0, 2**31)))
        self.counts.starts += 1
        if points:
            self._armed_at[pid] = time.monotonic()
        return pid

    def _look(self) -> None:
        for pid, status in self._replicas.look():
            is_armed = self._armed_at.pop(pid, None) is not None
            if status == _KILLED and pid not in self._killed and is_armed:
                self.counts.crashes[self._find_fallen(pid)] += 1
            elif pid not in self._killed:
                self.counts.exits[status] += 1

    def _find_fallen(self, pid: int) -> str:
        """Return the failpoint at which a daemon ended: it noted that right before."""
        notes = (line.split() for line in self._world.fallen.read_text(encoding="utf-8").splitlines())
        return next(name for who, name in notes if who == str(pid))

    def _wants_crashes(self) -> bool:
        crashes = self.counts.crashes
        return sum(crashes.values()) < self._plan.crashes or any(
            crashes[point] < self._plan.each for point in self._list_points()
        )

    def _list_points(self) -> list[str]:
        points = self._plan.points or read_reached(self._world.reached)
        return [point for point in points if point not in self._plan.opening]

    def _strike(self) -> None:
        awake = [pid for pid in self._replicas.running if pid not in self._replicas.paused]
        chance = self._rng.random()
        for pid in awake:
            self._end_in_vain(pid)
        victims = [pid for pid in awake if pid not in self._armed_at] or awake
        if not victims:
            return
        pid = self._choose(victims)
        if chance < self._plan.pause_share:
            self._replicas.pause(pid)
            self._due.append((time.monotonic() + self._plan.pause, pid))
            self.counts.pauses += 1
        elif chance < self._plan.pause_share + self._plan.kill_share:
            self._kill(pid)

    def _end_in_vain(self, pid: int) -> None:
        """Have a daemon that reached none of its failpoints stop, and kill it where it does not."""
        if pid not in self._armed_at:
            return
        beyond = time.monotonic() - self._armed_at[pid] - self._plan.armed_seconds
        if beyond > _STOP_SECONDS:
            self._kill(pid)
        elif beyond > 0.0:
            self._replicas.stop(pid)

    def _kill(self, pid: int) -> None:
        self._killed.add(pid)
        self._replicas.kill(pid)
        self.counts.kills += 1

    def _resume(self, now: float) -> None:
        for at, pid in [one for one in self._due if one[0] <= now]:
            self._due.remove((at, pid))
            self._replicas.resume(pid)

    def _choose_points(self) -> list[str]:
        """Return what a daemon is armed with: whichever it passes first ends it."""
        if self._rng.random() >= self._plan.armed_share:
            return []
        points = self._list_points()
        wanting = [point for point in points if self.counts.crashes[point] < self._plan.each] or points
        if self._plan.together or not wanting:
            return wanting
        # In turn: some are passed more seldom than others.
        point = min(wanting, key=self._tried.__getitem__)
        self._tried[point] += 1
        return [point]

    def _choose(self, among: Sequence[T]) -> T:
        return among[int(self._rng.integers(0, len(among)))]


def read_reached(file: Path) -> tuple[str, ...]:
    """Return every failpoint that a daemon has passed, sorted."""
    if not file.exists():
        return ()
    return tuple(sorted(set(file.read_text(encoding="utf-8").split())))
