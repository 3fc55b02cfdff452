from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.errors import DataError, DriftwatchError, SourceError
from driftwatch.profiles.columns import get_column, infer_kind
from driftwatch.sources.csv_file import CsvFile, recognise_delimiter


def write(directory: Path, content: bytes, name: str = "rows.csv") -> str:
    path = directory / name
    path.write_bytes(content)
    return str(path)


def read(path: str, **options: int) -> list[dict[str, str]]:
    return [row for table in CsvFile(path, **options).read_tables() for row in table.to_pylist()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("packed", [False, True])
def test_delimiter_mark_and_packing_are_recognised(
    tmp_path: Path, delimiter: str, mark: bytes, packed: bool
) -> None:
    text = mark + f'a{delimiter}"b {delimiter}"\r\n007{delimiter}"x\r\ny"\r\n'.encode()

    rows = read(write(tmp_path, gzip.compress(text) if packed else text))

    assert rows == [{"a": "007", f"b {delimiter}": "x\r\ny"}]


def test_decimal_commas_do_not_hide_the_semicolon() -> None:
    assert recognise_delimiter("a;b;c\n1,5;2,5;3\n1;2,25;3\n") == ";"


def test_every_column_is_text_that_is_parsed_later(tmp_path: Path) -> None:
    table = next(CsvFile(write(tmp_path, b"code,x\n007,1.5\n012,2\n")).read_tables())

    assert get_column(table, "code").text == "parse"
    assert infer_kind(get_column(table, "code")) == "category"
    assert infer_kind(get_column(table, "x")) == "number"


def test_one_column_is_read_alone(tmp_path: Path) -> None:
    file = CsvFile(write(tmp_path, b"a,b\n1,2\n3,4\n"))

    assert [table.to_pydict() for table in file.read_column("b")] == [{"b": ["2", "4"]}]
    assert (file.columns, file.rows, file.by_column, file.schema.names) == (
        ["a", "b"],
        None,
        False,
        ["a", "b"],
    )
    with pytest.raises(DataError, match="no column 'z'"):
        next(file.read_column("z"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no header"),
        (b"\xef\xbb\xbf", "has no header"),
        (b"\n\n", "has no header"),
        (b"a,b\n1,2\n3\n", "line 3: 1 fields, but the header has 2"),
        (b"a,b\n1,2\n\n3,4,5\n", "line 4: 3 fields, but the header has 2"),
        (b'a,b\n"x\ny",2\n3\n', "line 4: 1 fields"),
        (b'a,b\n1,2\n3,"open\n5,6\n', "line 3: a quote opens a field here and is never closed"),
        (b'a,b\n1,"open\n5,"x"\n', "line 2: .*closed on line 3 in front of other text"),
        (b"a,b\n1,2\n3,\x00\n", "line 3: there is a NUL byte"),
        (b"a,\x00b\n1,2\n", "line 1: a NUL byte"),
        (b"a,b\n1,2\n3,caf\xe9\n", "line 3: byte 0xe9 is not UTF-8"),
        (b"caf\xe9,b\n1,2\n", "line 1: byte 0xe9 is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    ],
)
@pytest.mark.parametrize("block_bytes", [3, 1 << 20])
def test_what_is_wrong_is_named_with_file_and_line(
    tmp_path: Path, content: bytes, words: str, block_bytes: int
) -> None:
    path = write(tmp_path, content)

    with pytest.raises(SourceError, match=words) as caught:
        read(path, block_bytes=block_bytes)

    assert path in str(caught.value)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: 2 columns are called 'a'"):
        CsvFile(write(tmp_path, b"a,b,a\n1,2,3\n"))


def test_names_that_only_look_alike_are_two_columns(tmp_path: Path) -> None:
    assert read(write(tmp_path, "é,e\u0301\n1,2\n".encode())) == [{"é": "1", "e\u0301": "2"}]


def test_ten_thousand_columns_are_read(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(10_000)]
    lines = [",".join(names), *(",".join(str(row + n) for n in range(10_000)) for row in range(3))]

    rows = read(write(tmp_path, "\n".join(lines).encode()))

    assert [row["c9999"] for row in rows] == ["9999", "10000", "10001"]


def test_an_empty_line_is_a_row_only_where_there_is_one_column(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"a,b\n1,2\n\n3,4\n")) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert read(write(tmp_path, b"a\n1\n\n3\n")) == [{"a": "1"}, {"a": ""}, {"a": "3"}]
    assert read(write(tmp_path, b"a\n\n\n")) == [{"a": ""}, {"a": ""}]


def test_old_line_ends_are_read(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"a,b\r1,2\r3,4\r")) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


CELLS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=12), block_bytes=st.integers(1, 64), pair=st.data())
def test_what_the_standard_library_writes_is_read_back_whatever_the_blocks(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    block_bytes: int,
    pair: st.DataObject,
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    path = write(tmp_path_factory.mktemp("csv"), text.getvalue().encode())
    file = CsvFile(path, block_bytes=block_bytes)

    first = [tuple(row.values()) for table in file.read_tables() for row in table.to_pylist()]
    again = [row["b"] for table in file.read_tables(["b"]) for row in table.to_pylist()]

    assert first == rows
    assert again == [second for _, second in rows]


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=60) | st.text('ab,;"\n\r', max_size=60).map(str.encode))
def test_any_bytes_are_rows_or_an_error_that_names_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.mktemp("csv"), content)

    words = path
    try:
        read(path, block_bytes=16)
    except DriftwatchError as error:
        words = str(error)

    assert path in words
