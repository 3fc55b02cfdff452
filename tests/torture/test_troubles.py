from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from driftwatch.torture.replicas import Replicas
from driftwatch.torture.troubles import IN_TURN, Plan, Troubles
from driftwatch.torture.world import World

KILLED = -9


@dataclass
class FakeReplicas:
    """Daemons that are only counted; each falls at the first of `passed` that it was armed with."""

    world: World
    passed: tuple[str, ...]
    running: list[int] = field(default_factory=list)
    paused: set[int] = field(default_factory=set)
    armed: dict[int, list[str]] = field(default_factory=dict)
    fallen: list[tuple[int, int]] = field(default_factory=list)

    def start(self, *, failpoints: str = "", seed: int = 0) -> int:
        del seed
        pid = 100 + len(self.armed)
        self.armed[pid] = [part.partition(":")[0] for part in failpoints.split(",") if part]
        self.running.append(pid)
        place = next((one for one in self.passed if one in self.armed[pid]), None)
        if place is not None:
            with self.world.fallen.open("a") as notes:
                notes.write(f"{pid} {place}\n")
            self.fallen.append((pid, KILLED))
        return pid

    def look(self) -> list[tuple[int, int]]:
        ended, self.fallen = self.fallen, []
        for pid, _ in ended:
            self.running.remove(pid)
        return ended

    def kill(self, pid: int) -> None:
        self.fallen.append((pid, KILLED))


def open_troubles(folder: Path, plan: Plan, passed: tuple[str, ...]) -> tuple[Troubles, FakeReplicas]:
    replicas = FakeReplicas(World(folder), passed)
    return Troubles(cast("Replicas", replicas), plan, seed=1, world=replicas.world), replicas


def test_a_crash_counts_for_the_place_that_was_passed_first(tmp_path: Path) -> None:
    plan = replace(IN_TURN, points=("seldom", "often", "never"), each=2, together=True)
    troubles, _ = open_troubles(tmp_path, plan, ("often", "seldom"))

    for _ in range(10):
        troubles._refill()  # The one step that arms: all of them would take their time.

    assert troubles.counts.crashes["seldom"] >= 2
    assert 2 <= troubles.counts.crashes["often"] <= 3
    assert troubles.counts.crashes["never"] == 0


@pytest.mark.parametrize("each", [1, 3])
def test_the_first_daemons_fall_where_only_first_ones_pass(tmp_path: Path, each: int) -> None:
    plan = replace(IN_TURN, each=each, opening=("begun", "committed"))
    troubles, replicas = open_troubles(tmp_path, plan, ("begun", "committed"))

    troubles.open()

    assert troubles.counts.crashes == {"begun": each, "committed": each}
    assert [bool(replicas.armed[pid]) for pid in replicas.running] == [False] * plan.replicas
