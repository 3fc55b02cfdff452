"""What is kept is renewed until its work ends, by one thread for all, and never after."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from driftwatch.errors import StoreError
from driftwatch.jobs import renewals as module
from driftwatch.jobs.renewals import Renewals
from tests.support.waiting import wait_until

PAUSE = 0.01


class Counter:
    """Counts its calls, notes the threads they come from, and does what it is given at each."""

    def __init__(self, *then: Callable[[], bool]) -> None:
        self.calls = 0
        self.threads: set[threading.Thread] = set()
        self._then = list(then)

    def __call__(self) -> bool:
        self.calls += 1
        self.threads.add(threading.current_thread())
        return self._then.pop(0)() if self._then else True


def refuse() -> bool:
    raise StoreError("the store is away")


def fail() -> bool:
    raise RuntimeError("a fault")


def test_it_is_called_again_and_again_until_the_block_ends() -> None:
    renewals, renew = Renewals(), Counter()

    with renewals.keep("a", renew, PAUSE):
        wait_until(lambda: renew.calls >= 3)
    after = renew.calls

    threading.Event().wait(5 * PAUSE)
    assert renew.calls == after


def test_one_thread_is_enough_for_all() -> None:
    renewals, first, second = Renewals(), Counter(), Counter()

    with renewals.keep("a", first, PAUSE), renewals.keep("b", second, PAUSE):
        wait_until(lambda: first.calls >= 2 and second.calls >= 2)

    assert len(first.threads | second.threads) == 1


def test_one_that_is_due_sooner_is_not_kept_waiting_by_one_that_is_due_late() -> None:
    renewals, soon = Renewals(), Counter()

    with renewals.keep("late", Counter(), 3600.0), renewals.keep("soon", soon, PAUSE):
        wait_until(lambda: soon.calls >= 2)


def test_what_returns_false_is_renewed_no_more() -> None:
    renewals, renew = Renewals(), Counter(lambda: False)

    with renewals.keep("a", renew, PAUSE):
        wait_until(lambda: not renewals.is_kept("a"))
        threading.Event().wait(5 * PAUSE)

    assert renew.calls == 1


@pytest.mark.parametrize("trouble", [refuse, fail])
def test_a_failure_is_logged_and_tried_again(
    trouble: Callable[[], bool], caplog: pytest.LogCaptureFixture
) -> None:
    renewals, renew = Renewals(), Counter(trouble)

    with caplog.at_level(logging.WARNING), renewals.keep("a", renew, PAUSE):
        wait_until(lambda: renew.calls >= 2)

    assert "lease not renewed name=a" in caplog.text


def test_the_block_ends_when_a_renewal_under_way_has_ended() -> None:
    renewals, began, go_on = Renewals(), threading.Event(), threading.Event()
    ended = threading.Event()

    def renew() -> bool:
        began.set()
        go_on.wait(5)
        ended.set()
        return True

    threading.Timer(5 * PAUSE, go_on.set).start()
    with renewals.keep("a", renew, PAUSE):
        assert began.wait(5)

    assert ended.is_set()


def test_the_thread_ends_when_there_is_nothing_left_and_another_begins_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LINGERS", 0.02)
    renewals, first, second = Renewals(), Counter(), Counter()
    with renewals.keep("a", first, PAUSE):
        wait_until(lambda: first.calls >= 1)
    (thread,) = first.threads

    wait_until(lambda: not thread.is_alive())
    with renewals.keep("b", second, PAUSE):
        wait_until(lambda: second.calls >= 1)

    assert first.threads != second.threads
