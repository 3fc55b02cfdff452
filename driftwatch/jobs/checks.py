"""A check of the doctor: what was looked at, how it is, and what to do (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Check", "Health", "find_worst", "pass_check", "trouble", "warn"]


class Health(StrEnum):
    """How something is, from good to bad."""

    OK = "ok"  # Nothing to do.
    WARNING = "warning"  # It works, and may not for ever.
    TROUBLE = "trouble"  # It does not work, or data may be lost.


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at, what it is like, and what to do, "" where it is fine."""

    name: str
    health: Health
    text: str
    advice: str = ""


def find_worst(checks: Iterable[Check]) -> Health:
    """Return the worst of what was found."""
    order = list(Health)
    return max((check.health for check in checks), key=order.index, default=Health.OK)


def pass_check(name: str, text: str) -> Check:
    """Return a check that found nothing to do."""
    return Check(name=name, health=Health.OK, text=text)


def warn(name: str, text: str, advice: str) -> Check:
    """Return a check of what works, and may not for ever."""
    return Check(name=name, health=Health.WARNING, text=text, advice=advice)


def trouble(name: str, text: str, advice: str) -> Check:
    """Return a check of what does not work, or may lose data."""
    return Check(name=name, health=Health.TROUBLE, text=text, advice=advice)
