"""The narrowest types that hold several tables, for formats that write no types down."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from driftwatch.profiles.columns import mark_text

__all__ = ["conform_table", "widen_schemas"]


def widen_schemas(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return the columns of all `schemas` with types that hold the values of each.

    Whole numbers and fractions become fractions; any other mixture becomes text that is to be parsed, so
    that its numbers still count as numbers.

    >>> widen_schemas([pa.schema([("a", pa.int64())]), pa.schema([("a", pa.float64())])]).field("a").type
    DataType(double)
    """
    having: dict[str, list[pa.Field]] = {}
    for schema in schemas:
        for field in schema:
            having.setdefault(field.name, []).append(field)
    return pa.schema([_widen(fields) for fields in having.values()])


def _widen(fields: Sequence[pa.Field]) -> pa.Field:
    real = [field for field in fields if not pa.types.is_null(field.type)]
    if not real:
        return fields[0]
    types = {field.type for field in real}
    if len(types) == 1:
        marks = [field for field in real if field.metadata != real[0].metadata]
        return _mark_parse(real[0].name) if marks else real[0]
    if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in types):
        return pa.field(real[0].name, pa.float64())
    return _mark_parse(real[0].name)


def _mark_parse(name: str) -> pa.Field:
    return mark_text(pa.table({name: pa.array([], pa.string())}), "parse").schema.field(0)


def conform_table(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the rows of `table` with the columns and types of `schema`; what it lacks is missing."""
    # Asked for by name, each of thousands of columns would be looked for among all of them.
    columns = dict(zip(table.column_names, table.columns, strict=True))
    arrays = [
        _convert(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _convert(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_binary(column.type) and pa.types.is_string(kind):
        return pc.cast(column, kind)
    return column if column.type == kind else pc.cast(column, kind, safe=False)
