from __future__ import annotations

import threading
from datetime import UTC, datetime

from driftwatch.errors import UsageError
from driftwatch.web.errands import Errands

NOW = datetime(2013, 2, 8, tzinfo=UTC)


def test_an_errand_goes_on_while_nobody_waits_and_is_found_again_with_its_result() -> None:
    errands, may_end = Errands(), threading.Event()

    begun = errands.begin("a", lambda: may_end.wait(10) and "done", who="Ana", now=NOW)

    assert not begun.wait(0)
    assert (begun.is_over, begun.is_done, begun.result) == (False, False, None)
    may_end.set()
    assert begun.wait(10)
    found = errands.find("a")
    assert found is begun
    assert (found.is_done, found.result, found.who, found.began_at) == (True, "done", "Ana", NOW)
    assert errands.find("b") is None


def test_the_same_is_not_done_twice_at_once_and_anew_afterwards() -> None:
    errands, may_end, count = Errands(), threading.Event(), []

    def work() -> None:
        count.append(1)
        may_end.wait(10)

    first = errands.begin("a", work, who="Ana", now=NOW)
    assert errands.begin("a", work, who="Ben", now=NOW) is first
    may_end.set()
    first.wait(10)
    second = errands.begin("a", work, who="Ben", now=NOW)

    assert second is not first
    assert second.wait(10)
    assert len(count) == 2


def test_what_goes_wrong_is_said_and_a_faults_own_words_are_not() -> None:
    errands = Errands()

    def refuse() -> None:
        raise UsageError("it is over")

    def fail() -> None:
        raise RuntimeError("secret")

    refused = errands.begin("a", refuse, who="Ana", now=NOW)
    failed = errands.begin("b", fail, who="Ana", now=NOW)

    assert refused.wait(10)
    assert failed.wait(10)
    assert (refused.is_done, refused.refused) == (False, "it is over")
    assert failed.refused == "driftwatch itself failed; its log has the details"


def test_only_so_many_are_remembered() -> None:
    errands = Errands()

    for number in range(150):
        errands.begin(str(number), lambda: None, who="Ana", now=NOW).wait(10)

    assert errands.find("0") is None
    assert errands.find("149") is not None
