"""JSON rows that Arrow's parser refuses: columns of mixed types, and mistakes with their line.

Slower by far, and used only for the blocks that need it. A column whose values have several JSON types
becomes text that is to be parsed, so that its numbers still count as numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from driftwatch.errors import SourceError
from driftwatch.profiles.columns import mark_text

__all__ = ["NESTED", "build_table", "parse_lines"]

NESTED: Final = pa.binary()
"""The type of objects and lists: they are not judged, and only whether they are there is kept."""
_NESTED_VALUE: Final = b"{}"
_WHOLE_LIMIT: Final = 2**63


def parse_lines(text: bytes, path: str, line: int) -> pa.Table:
    """Return the rows of `text`, one JSON object a line; the first is line `line` of the file.

    Raises SourceError, which names the line, for what is no JSON object and for keys that come twice.
    """
    lines = enumerate(text.split(b"\n"), line)
    return build_table([_parse_row(row, path, number) for number, row in lines if row.strip()])


def _parse_row(row: bytes, path: str, line: int) -> dict[str, Any]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"the key {twice!r} comes twice")
        return found

    try:
        value = json.loads(row.decode(), object_pairs_hook=build)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise SourceError(f"the file {path}, line {line}: values are nested too deeply") from None
    except UnicodeError:
        raise SourceError(
            f"the file {path}, line {line}: the text is not UTF-8; save the file as UTF-8"
        ) from None
    except ValueError as error:
        raise SourceError(f"the file {path}, line {line}: this is no JSON object: {error}") from None
    if not isinstance(value, dict):
        raise SourceError(
            f"the file {path}, line {line}: wanted is one JSON object a line, found {type(value).__name__}"
        )
    return value


def build_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Return JSON objects as a table.

    >>> build_table([{"a": 1}, {"a": "x"}]).to_pylist()
    [{'a': '1'}, {'a': 'x'}]
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    arrays = {name: _build_array([row.get(name) for row in rows]) for name in names}
    mixed = [name for name, array in arrays.items() if array is None]
    for name in mixed:
        arrays[name] = pa.array([_spell(row.get(name)) for row in rows], pa.string())
    table = pa.table(arrays)
    return mark_text(mark_text(table, "words"), "parse", mixed)


def _build_array(values: Iterable[Any]) -> pa.Array | None:
    given = list(values)
    kinds = {_name_kind(value) for value in given if value is not None}
    if not kinds:
        return pa.nulls(len(given))
    if kinds <= {"whole", "float"}:
        kind = pa.int64() if kinds == {"whole"} else pa.float64()
        return pa.array([None if v is None else v if kind == pa.int64() else float(v) for v in given], kind)
    if kinds == {"nested"}:
        return pa.array([None if value is None else _NESTED_VALUE for value in given], NESTED)
    simple = {"bool": pa.bool_(), "text": pa.string()}
    return pa.array(given, simple[kinds.pop()]) if len(kinds) == 1 else None


def _name_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "whole" if -_WHOLE_LIMIT <= value < _WHOLE_LIMIT else "float"
    if isinstance(value, float):
        return "float"
    return "text" if isinstance(value, str) else "nested"


def _spell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return json.dumps(value, ensure_ascii=False)
