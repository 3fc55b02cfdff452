"""Fixtures of the sources' tests."""

from __future__ import annotations

from tests.support.warehouse import warehouse

__all__ = ["warehouse"]
