"""What all descriptions have in common, and refusals."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Body", "Mistake", "Problem", "Shape"]


class Shape(BaseModel):
    """A JSON object that is answered; what stands below a member describes it.

    Members may be added to it in time: who reads it passes over those that it does not know.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)


class Body(BaseModel):
    """A JSON object that is sent; members that it does not have are refused."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")


class Mistake(Shape):
    """Something that was given wrongly."""

    field: str
    """Where it is, such as `query.limit` or `body.reason`."""
    detail: str
    """What is wrong with it."""


class Problem(Shape):
    """Why something was refused, as RFC 9457 has it."""

    type: str = Field(examples=["about:blank"])
    """What kind of problem it is; `about:blank` says that it is what `status` says."""
    title: str = Field(examples=["Not Found"])
    """The words of the status."""
    status: int = Field(ge=400, le=599, examples=[404])
    """The status of the answer."""
    detail: str = Field(examples=["there is no incident 99; `driftwatch incident list --all` shows them"])
    """What is wrong, and what to do about it."""
    errors: list[Mistake] = []
    """What was given wrongly, where that is the problem."""


Document = dict[str, Any]
"""A JSON object that somebody else decides about."""
