"""What the gate answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from driftwatch.incidents.admission import AdmissionWord
from driftwatch.incidents.finding import VerdictWord
from driftwatch.web.api.shapes.shape import Problem, Shape

__all__ = ["Allowed", "Gate", "GateProblem"]

Allowed = Literal["no_data", "not_evaluated", "partial", "thin", "drift", "data"]
"""The verdicts that a pipeline may let pass."""


class Span(Shape):
    """A window of event time."""

    start: str
    end: str
    """Exclusive."""


class Reason(Shape):
    """One reason in words."""

    text: str
    incident: int | None
    """The number of the incident that is about it."""


class Gate(Shape):
    """Whether the batch of a window may be used, and why."""

    schema_: Literal["driftwatch.gate/v1"] = Field(alias="schema")
    monitor: str
    window: Span
    answer: AdmissionWord
    verdict: VerdictWord | None
    """Null where it was not judged."""
    reasons: list[Reason]
    would_hold: bool
    """Whether the batch passes only because the monitor is in shadow mode."""
    retry_at: str | None
    """When it is worth asking again, where it is too early."""


class GateProblem(Problem, Gate):
    """Why a batch may not be used, or not yet: a problem with what the gate says."""
