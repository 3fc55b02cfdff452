"""A reading of the scales made by hand, for sentences about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from driftwatch.calibration.calibration import CalibrationState
from driftwatch.calibration.layout import Aspect
from driftwatch.calibration.weighing import Scale
from driftwatch.incidents.readings import PartReading, Reading
from tests.support.incidents import day

__all__ = ["make_part", "make_reading"]


def make_part(**changes: Any) -> PartReading:
    """The drift of `amount` in one window: D .081, which scores 4.1; `changes` replace its fields."""
    part = PartReading(
        column="amount",
        aspect=Aspect.DRIFT,
        scale=Scale.SHORT,
        score=4.1,
        distance=0.081,
        wobble=0.021,
    )
    return replace(part, **changes)


def make_reading(number: int = 8, **changes: Any) -> Reading:
    """Day `number`: score 4.1 against a limit of 3.2, the 2nd of 146; `changes` replace its fields."""
    reading = Reading(
        window=day(number),
        score=4.1,
        limit=3.2,
        usual_limit=3.2,
        scale=Scale.SHORT,
        state=CalibrationState.CALIBRATED,
        missing=0,
        inherited=0,
        known=146,
        highest=3.9,
        place=2,
        season="the reference's Fridays",
        cycle=7,
        parts=(make_part(),),
    )
    return replace(reading, **changes)
