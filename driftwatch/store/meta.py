"""Single facts about the store as a whole, by name."""

from __future__ import annotations

import sqlalchemy as sa

from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import meta

__all__ = ["forget_meta", "keep_meta", "list_meta", "read_meta", "swap_meta", "write_meta"]


def read_meta(connection: sa.Connection, name: str) -> str | None:
    """Return the value kept under `name`, None where there is none."""
    return connection.execute(sa.select(meta.c.value).where(meta.c.name == name)).scalar()


def list_meta(connection: sa.Connection, prefix: str) -> dict[str, str]:
    """Return every value whose name begins with `prefix`, by the rest of the name."""
    query = sa.select(meta.c.name, meta.c.value).where(meta.c.name.startswith(prefix, autoescape=True))
    return {row.name.removeprefix(prefix): row.value for row in connection.execute(query)}


def keep_meta(connection: sa.Connection, name: str, value: str) -> None:
    """Keep `value` under `name` unless there is one already."""
    insert_new(connection, meta, [{"name": name, "value": value}], key=["name"])


def swap_meta(connection: sa.Connection, name: str, before: str, after: str) -> bool:
    """Keep `after`, another value, in place of `before`; False, and nothing changes, where that is gone."""
    held = sa.and_(meta.c.name == name, meta.c.value == before)
    return connection.execute(sa.update(meta).where(held).values(value=after)).rowcount == 1


def forget_meta(connection: sa.Connection, name: str) -> None:
    """Keep nothing under `name` any more."""
    connection.execute(sa.delete(meta).where(meta.c.name == name))


def write_meta(connection: sa.Connection, name: str, value: str) -> None:
    """Keep `value` under `name`, in place of an earlier one."""
    keep_meta(connection, name, value)
    connection.execute(sa.update(meta).where(meta.c.name == name).values(value=value))
