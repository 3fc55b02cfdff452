"""What takes longer than a page may: done in a thread of its own, and looked at when it is done.

What is known of an errand is in this process: where several serve the pages, or after a restart, nobody
remembers it, and it is simply asked for again. What it did is in the store.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime
from functools import partial
from typing import Final

from driftwatch.errors import DriftwatchError

__all__ = ["Errand", "Errands"]

log = logging.getLogger("driftwatch.web")

_AT_ONCE: Final = 2
_REMEMBERED: Final = 100


class Errand:
    """Something that is being done for somebody.

    `result` is what came of it. `refused` says why nothing did; it is empty where something did, or nothing
    is known yet.
    """

    def __init__(self, who: str, began_at: datetime) -> None:
        self.who = who
        self.began_at = began_at
        self.result: object = None
        self.refused = ""
        self._over = threading.Event()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self._over.is_set()

    @property
    def is_done(self) -> bool:
        """Whether it has ended well."""
        return self.is_over and not self.refused

    def wait(self, seconds: float) -> bool:
        """Wait for its end, so long at most, and return whether it has ended."""
        return self._over.wait(seconds)

    def run(self, work: Callable[[], object]) -> None:
        """Do it; whatever goes wrong is kept in words for whoever asked."""
        try:
            self.result = work()
        except DriftwatchError as error:
            self.refused = str(error)
        except Exception:  # Whoever waits must learn of it.
            log.exception("errand failed who=%s", self.who)
            self.refused = "driftwatch itself failed; its log has the details"
        finally:
            self._over.set()


class Errands:
    """Those that are under way, by what they are about, and the last ones that ended."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Errand] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(_AT_ONCE)

    def begin(self, about: str, work: Callable[[], object], *, who: str, now: datetime) -> Errand:
        """Have `work` done and return at once; while the same is under way, that is returned."""
        with self._lock:
            known = self._known.get(about)
            if known is not None and not known.is_over:
                return known
            errand = Errand(who, now)
            self._known[about] = errand
            self._known.move_to_end(about)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        # What is recorded of whoever asks goes along.
        run = partial(copy_context().run, self._take_turn, errand, work)
        threading.Thread(target=run, name="errand", daemon=True).start()
        return errand

    def find(self, about: str) -> Errand | None:
        """Return the last errand that was about this, None where there was none."""
        with self._lock:
            return self._known.get(about)

    def _take_turn(self, errand: Errand, work: Callable[[], object]) -> None:
        with self._turns:
            errand.run(work)
