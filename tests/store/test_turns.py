from __future__ import annotations

import threading

import pytest

from driftwatch.store.turns import Turns
from tests.support.waiting import wait_until


def test_waiters_get_their_turn_in_the_order_they_came() -> None:
    turns, order = Turns(), []

    def work(name: int) -> None:
        with turns.take(20.0):
            order.append(name)

    with turns.take(20.0):
        threads = []
        for name in range(6):
            threads.append(threading.Thread(target=work, args=(name,)))
            threads[-1].start()
            wait_until(lambda: len(turns._waiting) == len(threads))
    for thread in threads:
        thread.join(timeout=20)

    assert order == [0, 1, 2, 3, 4, 5]


def test_who_gives_it_back_and_asks_again_waits_behind_the_others() -> None:
    turns, ended, seen = Turns(), threading.Event(), []

    def be_greedy() -> None:
        while not ended.is_set():
            with turns.take(20.0):
                pass

    greedy = threading.Thread(target=be_greedy, daemon=True)
    greedy.start()
    for turn in range(500):
        with turns.take(20.0) as mine:
            assert mine
            seen.append(turn)
    ended.set()
    greedy.join(timeout=20)

    assert len(seen) == 500


def test_who_waits_in_vain_is_told_and_keeps_nobody_waiting() -> None:
    turns, found = Turns(), []

    def wait_in_vain() -> None:
        with turns.take(0.01) as mine:
            found.append(mine)

    with turns.take(1.0):
        thread = threading.Thread(target=wait_in_vain)
        thread.start()
        thread.join(timeout=20)
    with turns.take(1.0) as mine:
        found.append(mine)

    assert found == [False, True]


def test_a_block_that_raises_ends_its_turn() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.take(1.0):
        _ = 1 / 0
    with turns.take(1.0) as mine:
        assert mine
