"""Every order of what people and the daemon do about one incident, on every database.

A silence that was committed before a delivery is claimed is obeyed; what was told to begin is told to end;
what is open in the end is known; and whatever was not sent says why. On SQLite every order is lived through;
on the servers, which are slower, every sixth, and all with DRIFTWATCH_TEST_ALL_ORDERS=1.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice, permutations

import pytest

from driftwatch.jobs.gating import Gatekeeper
from driftwatch.store.database import Database
from tests.support.told_world import World

pytestmark = pytest.mark.slow

# Six at a time, among them always a silence, its end, the incident and its end.
STORIES = {
    "in vain": ("create", "expire", "open", "resolve", "fail", "drop"),
    "delivered": ("create", "expire", "open", "resolve", "deliver", "lose"),
}
FIRSTS = range(6)
EVERY = 1 if os.environ.get("DRIFTWATCH_TEST_ALL_ORDERS") == "1" else 6


def list_orders(story: str, first: int) -> list[tuple[str, ...]]:
    """Return every order of the steps of a story that begins with one of them."""
    steps = STORIES[story]
    return [order for order in permutations(steps) if order[0] == steps[first]]


def find_violations(database: Database, orders: Iterable[tuple[str, ...]]) -> list[str]:
    found = []
    for order in orders:
        world = World(database, name="-".join(order))
        try:
            world.take(order)
            world.rest()
            world.check()
        except AssertionError as error:
            found.append(f"{' '.join(order)}: {error}")
    return found


@pytest.mark.parametrize("first", FIRSTS)
@pytest.mark.parametrize("story", STORIES)
def test_a_silence_is_obeyed_in_every_order_of_events(story: str, first: int, database: Database) -> None:
    orders = list_orders(story, first)
    # Every first step begins at another place, so that the orders taken differ.
    taken = orders if database.dialect == "sqlite" else orders[first % EVERY :: EVERY]

    assert len(orders) == 120
    assert find_violations(database, taken) == []


def test_a_gate_that_forgets_silences_is_noticed(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gatekeeper, "_find_hide", lambda *_: None)

    found = find_violations(store, islice(list_orders("delivered", 0), 40))

    assert any("was sent although a silence holds" in one for one in found)
