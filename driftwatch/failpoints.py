"""Named places where a test may end the process, raise or wait: around everything that can be lost.

A place costs one look into an empty mapping. DRIFTWATCH_FAILPOINT arms some of them, for
`driftwatch torture` and the tests of faults: `name:probability`, then `kill` (the default), `raise` or
`sleep=SECONDS`, several of them with commas between; DRIFTWATCH_FAILPOINT_SEED makes chance repeatable.

    DRIFTWATCH_FAILPOINT="deliver.sent:0.2,finish.write.committed:1:raise" driftwatch serve
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from driftwatch.errors import UsageError

__all__ = ["FailpointError", "Points", "arm", "name_work", "reach", "read_points"]

VARIABLE, SEED_VARIABLE = "DRIFTWATCH_FAILPOINT", "DRIFTWATCH_FAILPOINT_SEED"

_FORM = 'wants "name:probability" and perhaps ":kill", ":raise" or ":sleep=0.5" behind it'


class Points(Protocol):
    """What is to happen at which place; a mapping does."""

    def get(self, name: str, /) -> Callable[[], None] | None:
        """Return what happens at the place `name`, None where nothing does."""
        ...


class FailpointError(RuntimeError):
    """An armed failpoint was reached."""


def reach(name: str) -> None:
    """Do what is armed for the place `name`, nothing where that is nothing."""
    happen = _points.get(name)
    if happen is not None:
        happen()


def arm(points: Points) -> None:
    """Let `points` happen in this process from now on, in place of those before."""
    global _points  # noqa: PLW0603 - places are reached from everywhere; there is one set of them a process.
    _points = points


def read_points(
    text: str, seed: int, *, tell: Callable[[str], None] | None = None
) -> Mapping[str, Callable[[], None]]:
    """Return what `text` arms; `tell` is called with the name of a place right before it happens there.

    Raises UsageError where the text is not of the form that the module describes.

    >>> sorted(read_points("deliver.sent:0.5,finish.write.commit:1:raise", seed=7))
    ['deliver.sent', 'finish.write.commit']
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose.
    points = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = part.partition(":")
        share, _, action = rest.partition(":")
        wanted = (_read_share(part, share), _read_action(part, action))
        points[name] = partial(_happen, chance, name, *wanted, tell)
    return points


def name_work(work: Callable[..., object]) -> str:
    """Return the name of a unit of work: its module and function, for a lambda the first thing it names.

    >>> name_work(read_points), name_work(lambda seed: read_points("", seed))
    ('failpoints.read_points', 'failpoints.read_points')
    """
    function = work.func if isinstance(work, partial) else work
    name = getattr(function, "__name__", type(function).__name__)
    if name == "<lambda>":
        name = next(iter(function.__code__.co_names), name)
    return f"{getattr(function, '__module__', '').rpartition('.')[2]}.{name}"


def _happen(
    chance: random.Random, name: str, share: float, action: str, tell: Callable[[str], None] | None
) -> None:
    if chance.random() >= share:
        return
    if tell is not None:
        tell(name)
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailpointError(f"the failpoint {name} was reached")
    time.sleep(float(action))


def _read_share(part: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"{VARIABLE}: {part!r} has no probability from 0 to 1; it {_FORM}")
    return share


def _read_action(part: str, text: str) -> str:
    word, _, seconds = (text or "kill").partition("=")
    if word in {"kill", "raise"} and not seconds:
        return word
    try:
        if word == "sleep" and float(seconds) >= 0.0:
            return seconds
    except ValueError:
        pass
    raise UsageError(f"{VARIABLE}: {part!r} does not say what is to happen; it {_FORM}")


_points: Points = read_points(os.environ.get(VARIABLE, ""), int(os.environ.get(SEED_VARIABLE) or 0))
