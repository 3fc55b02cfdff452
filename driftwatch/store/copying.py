"""Every row of one store into another of any kind, as the one transaction that reads them sees it.

Tables are copied as the databases describe them, value by value as they are stored, so that a store of an
earlier revision can be copied too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from driftwatch.errors import StoreError
from driftwatch.store.tables import VERSION_TABLE, metadata

__all__ = ["Copied", "copy_tables", "find_filled_table", "open_snapshot", "set_numbers"]

_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How many rows each table has, and the last number that each table with automatic keys gave away."""

    rows: Mapping[str, int]
    numbers: Mapping[str, int]


def open_snapshot(engine: Engine) -> Connection:
    """Return a connection whose reads all see the store as it is now; to be closed by the caller."""
    connection = engine.connect()
    if engine.dialect.name == "sqlite":
        # The snapshot is taken by the first read of the transaction.
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
        return connection
    connection = connection.execution_options(isolation_level="REPEATABLE READ")
    if engine.dialect.name == "mysql":
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    else:
        connection.exec_driver_sql("SELECT 1").scalar()
    return connection


def copy_tables(source: Connection, target: Connection) -> Copied:
    """Copy every row of every table of `target`, which has the same ones without rows, out of `source`.

    Nothing is committed. The version of the schema is not copied: it is the target's already. Raises
    StoreError where a table or a column is missing in the source.
    """
    rows, numbers = {}, {}
    theirs = _reflect(source)
    for table in _reflect(target).sorted_tables:
        if table.name == VERSION_TABLE:
            continue
        rows[table.name] = _copy_rows(source, target, _match(theirs, table), table)
        last = _find_last_number(source, table)
        if last:
            numbers[table.name] = last
    return Copied(rows=rows, numbers=numbers)


def find_filled_table(connection: Connection) -> str | None:
    """Return the name of a table of the store that has rows; None where there is no row at all."""
    for table in _reflect(connection).sorted_tables:
        if table.name != VERSION_TABLE:
            query = sa.select(sa.literal(1)).select_from(table).limit(1)
            if connection.execute(query).scalar() is not None:
                return table.name
    return None


def set_numbers(connection: Connection, numbers: Mapping[str, int]) -> None:
    """Let automatic keys go on after `numbers`: people hold on to them, so that one is never given twice.

    To be called after the rows were committed: MariaDB commits before it changes a table.
    """
    for name, last in numbers.items():
        table = metadata.tables.get(name)
        if table is None or not _counts_up(table):
            continue
        quoted = connection.dialect.identifier_preparer.quote(name)
        if connection.dialect.name == "postgresql":
            sequence = _find_sequence(connection, table)
            if sequence is not None:
                connection.execute(sa.select(sa.func.setval(sequence, last)))
        elif connection.dialect.name == "mysql":
            connection.exec_driver_sql(f"ALTER TABLE {quoted} AUTO_INCREMENT = {last + 1}")
        elif table.dialect_options["sqlite"]["autoincrement"]:
            connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            insert = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)")
            connection.execute(insert, {"name": name, "seq": last})


def _reflect(connection: Connection) -> sa.MetaData:
    """Return the tables of ours as the database describes them."""
    found = sa.MetaData()
    there = set(sa.inspect(connection).get_table_names())
    found.reflect(bind=connection, only=[name for name in metadata.tables if name in there])
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, sa.Float | sa.Numeric):
                # As MariaDB describes it, a double would be read as a decimal of ten digits.
                column.type = sa.Double()
    return found


def _match(theirs: sa.MetaData, table: sa.Table) -> sa.Select[tuple[object, ...]]:
    known = theirs.tables.get(table.name)
    missing = [column.name for column in table.columns if known is None or column.name not in known.c]
    if known is None or missing:
        lacking = f"the columns {', '.join(missing)} of {table.name}"
        raise StoreError(f"the store that is copied lacks {lacking}; its schema is not that of its revision")
    return sa.select(*(known.c[column.name] for column in table.columns))


def _copy_rows(
    source: Connection, target: Connection, query: sa.Select[tuple[object, ...]], table: sa.Table
) -> int:
    copied = 0
    names = [column.name for column in table.columns]
    result = source.execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE).execute(query)
    for some in result.partitions():
        target.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in some])
        copied += len(some)
    return copied


def _counts_up(table: sa.Table) -> bool:
    key = table.autoincrement_column
    return key is not None and key.autoincrement is not False


def _find_last_number(connection: Connection, reflected: sa.Table) -> int | None:
    table = metadata.tables[reflected.name]
    key = table.autoincrement_column
    if key is None or not _counts_up(table):
        return None
    largest = connection.execute(sa.select(sa.func.max(key))).scalar() or 0
    return max(int(largest), _read_given(connection, table)) or None


def _read_given(connection: Connection, table: sa.Table) -> int:
    """Return the last number that the database says it has given away, 0 where it says nothing."""
    if connection.dialect.name == "postgresql":
        sequence = _find_sequence(connection, table)
        if sequence is None:
            return 0
        last, was_given = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one()  # noqa: S608 - a name that the database gave us, quoted.
        return int(last) if was_given else 0
    if connection.dialect.name == "mysql":
        query = sa.text(
            "SELECT auto_increment FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_name = :name"
        )
        return int(connection.execute(query, {"name": table.name}).scalar() or 1) - 1
    if not sa.inspect(connection).has_table("sqlite_sequence"):
        return 0
    query = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return int(connection.execute(query, {"name": table.name}).scalar() or 0)


def _find_sequence(connection: Connection, table: sa.Table) -> str | None:
    key = table.autoincrement_column
    query = sa.text("SELECT pg_get_serial_sequence(:table, :column)")
    named = {"table": table.name, "column": key.name if key is not None else ""}
    found = connection.execute(query, named).scalar()
    return None if found is None else str(found)
