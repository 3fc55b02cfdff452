"""Single facts about the store as a whole, by name."""

from __future__ import annotations

import sqlalchemy as sa

from driftwatch.store.inserting import insert_new
from driftwatch.store.tables import meta

__all__ = ["read_meta", "write_meta"]


def read_meta(connection: sa.Connection, name: str) -> str | None:
    """Return the value kept under `name`, None where there is none."""
    return connection.execute(sa.select(meta.c.value).where(meta.c.name == name)).scalar()


def write_meta(connection: sa.Connection, name: str, value: str) -> None:
    """Keep `value` under `name`, in place of an earlier one."""
    insert_new(connection, meta, [{"name": name, "value": value}], key=["name"])
    connection.execute(sa.update(meta).where(meta.c.name == name).values(value=value))
