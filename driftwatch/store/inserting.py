"""Insert what is not there yet, in each database's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

__all__ = ["insert_new"]


def insert_new(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str]
) -> None:
    """Insert `rows` into `table`; one whose `key` columns are taken already changes nothing."""
    if not rows:
        return
    statement: Any
    if connection.dialect.name == "mysql":
        # MariaDB's INSERT IGNORE would also swallow values that do not fit.
        statement = mysql.insert(table)
        statement = statement.on_duplicate_key_update({key[0]: table.c[key[0]]})
    else:
        build = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = build(table).on_conflict_do_nothing(index_elements=list(key))
    connection.execute(statement, list(rows))
