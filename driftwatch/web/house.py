"""What every page is built from: the configuration at work, its store and its clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import sqlalchemy as sa
from fastapi import Depends, Request

from driftwatch.app import App
from driftwatch.errors import StoreError
from driftwatch.incidents.incident import Incident, Severity
from driftwatch.jobs.cases import Case, list_cases
from driftwatch.jobs.column_evidence import ColumnShelf
from driftwatch.jobs.incident_charts import ColumnPicture, draw_incident
from driftwatch.jobs.kept_readings import ReadingShelf
from driftwatch.jobs.monitor import Monitor
from driftwatch.web.errands import Errands
from driftwatch.web.frame import Frame
from driftwatch.web.readings import Readings
from driftwatch.web.reasons import Reasons

__all__ = ["Here", "House", "is_serious"]

_T = TypeVar("_T")


class House:
    """The configuration at work as it is now: a reload puts another in its place.

    `errands` are what takes longer than a page may, `readings` what is in the file by now. `columns` and
    `scored` are what was looked at lately of references and of scores.
    """

    def __init__(self, find_app: Callable[[], App]) -> None:
        self._find_app = find_app
        self.reasons = Reasons()
        self.errands = Errands()
        self.readings = Readings()
        self.columns = ColumnShelf(lambda: self.app.database)
        self.scored = ReadingShelf(lambda: self.app.database)

    @property
    def app(self) -> App:
        """The configuration at work."""
        return self._find_app()

    @property
    def monitors(self) -> Sequence[Monitor]:
        """The monitors of the configuration."""
        return self.app.config.monitors

    def now(self) -> datetime:
        """Return the present time."""
        return self.app.parts.clock.now()

    def frame(self, title: str, section: str) -> Frame:
        """Return what stands around a page of a section."""
        return Frame(title=title, section=section, now=self.now(), waiting=self.count_waiting())

    def count_waiting(self) -> int:
        """Return how many incidents somebody should take up: open, told to people, and nobody is at them."""
        return sum(not case.incident.acknowledged_by for case in self.list_serious())

    def list_serious(self) -> list[Case]:
        """Return the open incidents that are bad enough to tell, oldest first."""
        return [case for case in list_cases(self.app.database, self.monitors) if is_serious(case.incident)]

    def draw_incident(self, number: int) -> list[ColumnPicture]:
        """Return pictures of what changed most in an incident; none where what is stored is damaged."""
        try:
            return draw_incident(self.app.database, self.columns, number)
        except StoreError:
            # The sentences and numbers of the incident are there without.
            return []

    def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """Return what `work` reads in one transaction: a page shows one state of things."""
        return self.app.database.read(work)


def is_serious(incident: Incident) -> bool:
    """Return whether an incident is open and worth telling."""
    return incident.is_open and incident.severity > Severity.MINOR


def _find_house(request: Request) -> House:
    found: House = request.app.state.house
    return found


Here = Annotated[House, Depends(_find_house)]
