from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch.errors import ConfigError, DataError, SourceError
from driftwatch.sources import files as files_module
from driftwatch.sources.datafile import DataFile
from driftwatch.sources.files import FilesSource
from driftwatch.sources.formats import open_file, recognise_format
from tests.support.windows import START, ask, collect, make_windows


def write_days(directory: Path, days: int) -> None:
    for day in range(days):
        moment = START + timedelta(days=day)
        folder = directory / f"{moment:%Y}" / f"{moment:%m}"
        folder.mkdir(parents=True, exist_ok=True)
        times = pa.array([moment + timedelta(hours=h) for h in range(24)], pa.timestamp("us", "UTC"))
        pq.write_table(pa.table({"t": times, "day": [day] * 24}), folder / f"{moment:%d}.parquet")


def test_a_pattern_finds_files_in_folders_below(tmp_path: Path) -> None:
    write_days(tmp_path, 40)

    found = collect(FilesSource(path=f"{tmp_path}/**/*.parquet").read(ask(make_windows(41), "t")))

    assert [{row["day"] for row in rows} for rows in found.values()] == [{day} for day in range(40)] + [set()]


def test_a_list_of_files_and_patterns_of_several_formats_is_one_source(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,x\n2013-01-01T05:00:00Z,1\n")
    (tmp_path / "b.jsonl").write_text('{"t":"2013-01-01T06:00:00Z","x":2}\n')
    source = FilesSource(path=(f"{tmp_path}/a.csv", f"{tmp_path}/*.jsonl"))

    found = collect(source.read(ask(make_windows(1), "t")))

    assert [row["x"] for rows in found.values() for row in rows] == ["1", 2]


def test_no_file_at_all_is_an_error_and_no_row_is_none(tmp_path: Path) -> None:
    write_days(tmp_path, 1)
    later = make_windows(2, start=START + timedelta(days=5))

    found = list(FilesSource(path=f"{tmp_path}/**/*.parquet").read(ask(later, "t")))

    assert [(window, table.num_rows, table.column_names) for window, table in found] == [
        (window, 0, ["t", "day"]) for window in later
    ]
    with pytest.raises(
        SourceError,
        match=r"monitor 'm', 2 windows 2013-01-06T00:00:00Z/2013-01-08T00:00:00Z: no file matches .*\*\.csv",
    ):
        list(FilesSource(path=f"{tmp_path}/*.csv").read(ask(later, "t")))


def test_a_missing_file_of_a_list_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t\n2013-01-01\n")

    with pytest.raises(SourceError, match=r"b\.csv cannot be opened"):
        list(FilesSource(path=(f"{tmp_path}/a.csv", f"{tmp_path}/b.csv")).read(ask(make_windows(1), "t")))


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "rows[1].csv").write_text("t\n2013-01-01\n")

    found = collect(FilesSource(path=f"{tmp_path}/rows[1].csv").read(ask(make_windows(1), "t")))

    assert [len(rows) for rows in found.values()] == [1]


@pytest.mark.parametrize("name", ["pipe", "folder", "/dev/zero"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()

    with pytest.raises(SourceError, match="not a regular file"):
        list(FilesSource(path=str(tmp_path / name)).read(ask(make_windows(1), "t")))


def test_only_named_columns_and_the_time_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,x,y\n2013-01-01,1,2\n")
    request = ask(make_windows(1), "t", columns=("y", "gone"))

    ((_, table),) = FilesSource(path=f"{tmp_path}/a.csv").read(request)

    assert table.column_names == ["t", "y"]


def test_without_a_time_column_all_rows_are_those_of_the_only_window(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    source = FilesSource(path=f"{tmp_path}/a.csv")

    assert collect(source.read(ask(make_windows(1)))) == {make_windows(1)[0]: [{"x": "1"}, {"x": "2"}]}
    with pytest.raises(DataError, match=r"monitor 'm'.*needs source\.time_column"):
        list(source.read(ask(make_windows(2))))


def test_stamps_without_a_zone_are_those_of_the_monitor(tmp_path: Path) -> None:
    # The clocks of Paris went from 02:00 to 03:00 on 31 March 2013.
    (tmp_path / "a.csv").write_text(
        "t\n2013-03-31 00:30:00\n2013-03-31 01:59:59\n2013-03-31 03:00:00\n2013-04-01 00:00:00\n"
    )
    hours = make_windows(24, timedelta(hours=1), datetime(2013, 3, 30, 23, tzinfo=UTC))

    found = collect(FilesSource(path=f"{tmp_path}/a.csv").read(ask(hours, "t", timezone="Europe/Paris")))

    counts = {window.start.hour: len(rows) for window, rows in found.items() if rows}
    assert counts == {23: 1, 0: 1, 1: 1, 22: 1}


def test_a_date_and_an_hour_are_joined(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("dteday,hr\n2013-01-01,0\n2013-01-01,23\n2013-01-02,5\n")

    found = collect(FilesSource(path=f"{tmp_path}/a.csv").read(ask(make_windows(2), "dteday", "hr")))

    assert [len(rows) for rows in found.values()] == [2, 1]


def test_files_known_to_lie_elsewhere_are_not_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_days(tmp_path, 10)
    source = FilesSource(path=f"{tmp_path}/**/*.parquet")
    collect(source.read(ask(make_windows(10), "t")))
    opened: list[str] = []

    def count(path: str, *args: str) -> DataFile:
        opened.append(Path(path).name)
        return open_file(path, *args)  # type: ignore[arg-type]  # The format, as it was given.

    monkeypatch.setattr(files_module, "open_file", count)
    window = make_windows(1, start=START + timedelta(days=3))

    assert [len(rows) for rows in collect(source.read(ask(window, "t"))).values()] == [24]
    assert opened == ["04.parquet"]


def test_a_file_that_was_rewritten_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t\n2013-01-05\n")
    source = FilesSource(path=str(path))
    assert [len(rows) for rows in collect(source.read(ask(make_windows(1), "t"))).values()] == [0]

    path.write_text("t\n2013-01-01\n2013-01-01\n")

    assert [len(rows) for rows in collect(source.read(ask(make_windows(1), "t"))).values()] == [2]


def test_a_file_that_grows_while_it_is_read_is_an_error_that_may_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t\n2013-01-01\n2013-01-02\n")
    chunks = FilesSource(path=str(path)).read(ask(make_windows(2), "t"))
    next(chunks)
    with path.open("a") as file:
        file.write("2013-01-03\n")

    with pytest.raises(SourceError, match="changed while it was read") as caught:
        list(chunks)

    assert caught.value.again


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "has no header"),
        ("a.csv", b't,x\n2013-01-01,"open\n', "line 2"),
        ("a.csv", b"t,x\n2013-01-01\n", "line 2: 1 fields"),
        ("a.csv", b"t,x\nyesterday,1\n", "holds 'yesterday', which is not a time"),
        ("a.csv", b"x\n1\n", "time column 't' is not there"),
        ("a.parquet", b"t,x\n2013-01-01,1\n", "is not Parquet"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00", "is cut off"),
        ("a.jsonl", b'{"t":', "line 1"),
    ],
)
def test_every_error_names_monitor_window_and_file(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises((SourceError, DataError), match=words) as caught:
        list(FilesSource(path=f"{tmp_path}/a.*").read(ask(make_windows(1), "t")))

    assert str(caught.value).startswith("monitor 'm', window 2013-01-01T00:00:00Z/2013-01-02T00:00:00Z: ")
    assert name in str(caught.value)


def test_one_row_is_enough(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,x\n2013-01-01,=cmd()")

    found = collect(FilesSource(path=f"{tmp_path}/a.csv").read(ask(make_windows(1), "t")))

    assert found[make_windows(1)[0]] == [{"t": "2013-01-01", "x": "=cmd()"}]


def test_a_look_gives_a_few_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n")
    (tmp_path / "b.csv").write_text("x\n" + "1\n" * 5000)

    rows = FilesSource(path=f"{tmp_path}/*.csv").look(ask(()).options, "m").rows

    assert (rows.num_rows, rows.column_names) == (1000, ["x"])


@pytest.mark.parametrize(
    ("name", "content", "known"),
    [
        ("rows.tsv.gz", b"", "csv"),
        ("rows.NDJSON", b"", "jsonl"),
        ("rows.pq", b"", "parquet"),
        ("rows", b"PAR1....", "parquet"),
        ("rows.data", b' {"a":1}', "jsonl"),
        ("rows.data", b"a,b", "csv"),
    ],
)
def test_the_format_is_told_by_the_name_then_by_the_content(
    tmp_path: Path, name: str, content: bytes, known: str
) -> None:
    (tmp_path / name).write_bytes(content)

    assert recognise_format(str(tmp_path / name)) == known


def test_addresses_of_stores_are_refused_with_words() -> None:
    with pytest.raises(SourceError, match="s3:// is not read by this version"):
        open_file("s3://bucket/rows.parquet")


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(ConfigError, match="path is empty"):
        FilesSource(path=())
