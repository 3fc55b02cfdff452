from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.errors import SourceError
from driftwatch.profiles.columns import get_column
from driftwatch.sources.jsonl_file import JsonlFile


def write(directory: Path, content: bytes) -> str:
    path = directory / "rows.jsonl"
    path.write_bytes(content)
    return str(path)


def read(path: str, **options: int) -> list[dict[str, Any]]:
    return [row for table in JsonlFile(path, **options).read_tables() for row in table.to_pylist()]


@pytest.mark.parametrize("block_bytes", [4, 1 << 20])
@pytest.mark.parametrize(
    ("lines", "kind", "text", "values"),
    [
        ('{"a":1}\n{"a":2}', pa.int64(), "typed", [1, 2]),
        ('{"a":1}\n{"a":2.5}', pa.float64(), "typed", [1.0, 2.5]),
        ('{"a":1}\n{"a":null}\n{}', pa.int64(), "typed", [1, None, None]),
        ('{"a":true}\n{"a":false}', pa.bool_(), "typed", [True, False]),
        ('{"a":"5"}\n{"a":"NA"}', pa.string(), "words", ["5", "NA"]),
        ('{"a":"2013-01-01"}\n{"a":"2013-01-02T05:00:00Z"}', pa.string(), "words", None),
        ('{"a":"2013-01-01"}\n{"a":"x"}', pa.string(), "words", ["2013-01-01", "x"]),
        ('{"a":1}\n{"a":"x"}\n{"a":2.5}', pa.string(), "parse", ["1", "x", "2.5"]),
        ('{"a":true}\n{"a":1}', pa.string(), "parse", ["true", "1"]),
        ('{"a":[1]}\n{"a":{"b":2}}\n{"a":null}', pa.binary(), "typed", [b"{}", b"{}", None]),
        (
            '{"a":12345678901234567890}\n{"a":1e400}',
            pa.float64(),
            "typed",
            [12345678901234567890.0, float("inf")],
        ),
    ],
)
def test_the_types_of_a_column_are_those_of_all_its_values(
    tmp_path: Path, block_bytes: int, lines: str, kind: pa.DataType, text: str, values: list[Any] | None
) -> None:
    path = write(tmp_path, lines.encode())

    tables = list(JsonlFile(path, block_bytes=block_bytes).read_tables())

    assert {table.schema.field("a").type for table in tables} == {kind}
    assert {get_column(table, "a").text for table in tables} == {text}
    if values is not None:
        assert [row["a"] for table in tables for row in table.to_pylist()] == values


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a":1}\n{"a":\n', "line 2: this is no JSON object"),
        (b'{"a":1}\n[1]\n', "line 2: wanted is one JSON object a line, found list"),
        (b'{"a":1}\n{"a":1,"a":2}\n', "line 2: .*the key 'a' comes twice"),
        (b'{"a":1}\n\n{"a":"\xff"}\n', "line 3: the text is not UTF-8"),
        (b'{"a":"\\ud800"}\n', "line 1: the text is not UTF-8"),
        (b'{"a":1}\n{"a":\x00}\n', "line 2: there is a NUL byte"),
        (b'{"a":1}\n' + b'{"a":' + b"[" * 100_000 + b"\n", "line 2: "),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = write(tmp_path, content)

    with pytest.raises(SourceError, match=words) as caught:
        read(path)

    assert path in str(caught.value)


def test_a_file_without_rows_has_no_columns(tmp_path: Path) -> None:
    assert JsonlFile(write(tmp_path, b"")).columns == []
    assert read(write(tmp_path, b"\n \n")) == []


VALUES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5) | st.floats(-1e9, 1e9)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["a", "b"]), VALUES), min_size=1, max_size=8),
    block_bytes=st.integers(1, 60),
)
def test_no_row_and_no_value_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], block_bytes: int
) -> None:
    path = write(tmp_path_factory.mktemp("jsonl"), "\n".join(json.dumps(row) for row in rows).encode())
    keys = {key for row in rows for key in row}

    found = read(path, block_bytes=block_bytes)

    if keys:
        assert len(found) == len(rows)
    for row, seen in zip(rows, found, strict=False):
        assert {k for k in keys if seen[k] is not None} == {k for k, v in row.items() if v is not None}


@pytest.mark.parametrize("opening", [b'{"a": ' + b"[" * 100_000, b'{"a":\n' * 50_000])
def test_values_nested_beyond_all_reason_are_an_error_and_do_not_end_the_process(
    tmp_path: Path, opening: bytes
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(opening)

    with pytest.raises(SourceError, match=r"rows\.jsonl, line 1: "):
        list(JsonlFile(str(path)).read_tables())


def test_brackets_in_texts_are_no_nesting(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": "[", "b": 1.5}\n' * 500, encoding="utf-8")

    rows = [row for table in JsonlFile(str(path)).read_tables() for row in table.to_pylist()]

    assert rows == [{"a": "[", "b": 1.5}] * 500


@pytest.mark.parametrize("line", ["null", "  null ", '{"a": 2} null'])
def test_a_line_that_says_null_is_no_row(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"a": 1}}\n{line}\n', encoding="utf-8")

    with pytest.raises(SourceError, match=r"rows\.jsonl, line 2"):
        list(JsonlFile(str(path)).read_tables())


def test_an_object_without_values_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n{}\n{"a": null}\n', encoding="utf-8")

    rows = [row for table in JsonlFile(str(path)).read_tables() for row in table.to_pylist()]

    assert rows == [{"a": 1}, {"a": None}, {"a": None}]


@pytest.mark.parametrize("text", ['{"a":\n1}\n', '{"a": 1,\n "b": 2}\n{"a": 3}\n', '{"a": 1} {"a": 2}\n'])
def test_an_object_has_a_line_and_a_line_one_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceError, match=r"rows\.jsonl, line 1: this is no JSON object"):
        list(JsonlFile(str(path)).read_tables())
