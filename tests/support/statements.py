"""How much a store is asked."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

__all__ = ["count_statements"]


def count_statements(work: Callable[[], object]) -> int:
    """Return how many statements databases were sent while `work` was done."""
    told: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        told.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return len(told)
