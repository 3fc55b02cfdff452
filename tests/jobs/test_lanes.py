from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from driftwatch.errors import SourceError
from driftwatch.jobs.lanes import Lanes


def test_work_is_done_in_its_order_in_one_lane() -> None:
    lanes, done = Lanes(1), list[str]()
    names = [str(number) for number in range(50)]

    lanes.offer({name: partial(done.append, name) for name in names})

    assert lanes.wait(10)
    assert done == names
    assert lanes.busy == 0


def test_as_many_pieces_go_on_at_once_as_there_are_lanes() -> None:
    lanes, together = Lanes(3), threading.Barrier(3)

    lanes.offer({name: lambda: together.wait(10) for name in "abc"})

    assert lanes.wait(10)
    assert not together.broken


def test_what_hangs_keeps_one_lane_and_the_others_go_on() -> None:
    lanes, over, done = Lanes(2), threading.Event(), list[str]()
    work: dict[str, Callable[[], object]] = {"hangs": lambda: over.wait(10)}
    last = threading.Event()

    lanes.offer(work | {name: partial(done.append, name) for name in "abc"} | {"last": last.set})

    assert last.wait(10)
    assert done == ["a", "b", "c"]
    assert lanes.busy == 1
    assert not lanes.wait(0)
    over.set()
    assert lanes.wait(10)


def test_a_name_under_way_is_not_begun_again_beside_itself() -> None:
    lanes, over, begun = Lanes(2), threading.Event(), list[str]()

    def hang() -> None:
        begun.append("hangs")
        over.wait(10)

    for _ in range(3):
        lanes.offer({"hangs": hang})
    over.set()

    assert lanes.wait(10)
    assert begun == ["hangs"]


def test_a_new_offer_takes_the_place_of_what_waits() -> None:
    lanes, over, done = Lanes(1), threading.Event(), list[str]()
    begun = threading.Event()

    def hang() -> None:
        begun.set()
        over.wait(10)

    lanes.offer({"hangs": hang, "old": lambda: done.append("old")})
    assert begun.wait(10)
    lanes.offer({"new": lambda: done.append("new")})
    over.set()

    assert lanes.wait(10)
    assert done == ["new"]


def test_what_raises_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    lanes, done = Lanes(1), list[str]()

    def fail(error: Exception) -> None:
        raise error

    lanes.offer(
        {
            "away": lambda: fail(SourceError("it is away")),
            "broken": lambda: fail(RuntimeError("a fault")),
            "fine": lambda: done.append("fine"),
        }
    )

    assert lanes.wait(10)
    assert done == ["fine"]
    assert "work failed name=away reason=it is away" in caplog.text
    assert "work failed name=broken" in caplog.text
