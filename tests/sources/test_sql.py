from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from driftwatch.errors import ConfigError, DataError, SourceError
from driftwatch.net.secrets import Secret
from driftwatch.profiles.columns import get_column, infer_kind
from driftwatch.profiles.window import Window
from driftwatch.sources.sql import SqlSource
from tests.support.statements import count_statements
from tests.support.warehouse import Warehouse
from tests.support.windows import START, ask, collect, make_windows

HOURS = [START + timedelta(hours=hour) for hour in range(-5, 24 * 4)]
FOUR_HOURS = make_windows(18, timedelta(hours=4))
QUERY = "SELECT t, n FROM feed WHERE t >= :window_start AND t < :window_end"


def strip(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def fill(warehouse: Warehouse, kind: Any, values: list[Any], name: str = "feed") -> None:
    # In no order: the database has to sort.
    rows = [{"t": value, "n": n} for n, value in enumerate(values)]
    warehouse.create(name, {"t": kind, "n": sa.Integer}, sorted(rows, key=lambda row: row["n"] * 37 % 101))


def expect(moments: list[datetime], windows: tuple[Window, ...]) -> list[list[int]]:
    return [[n for n, m in enumerate(moments) if w.start <= m < w.end] for w in windows]


def read(source: SqlSource, windows: tuple[Window, ...], *time: str, **options: Any) -> list[list[int]]:
    found = collect(source.read(ask(windows, *(time or ("t",)), **options)))
    assert list(found) == list(windows)
    return [sorted(row["n"] for row in rows) for rows in found.values()]


SPELLINGS: dict[str, Callable[[datetime], str]] = {
    "space": lambda m: f"{m:%Y-%m-%d %H:%M:%S}",
    "fraction": lambda m: f"{m:%Y-%m-%d %H:%M:%S.%f}",
    "t": lambda m: f"{m:%Y-%m-%dT%H:%M:%S}",
    "zulu": lambda m: f"{m:%Y-%m-%dT%H:%M:%SZ}",
    "offset": lambda m: f"{m:%Y-%m-%d %H:%M:%S}+00:00",
    "minute": lambda m: f"{m:%Y-%m-%d %H:%M}",
    "paris": lambda m: (m + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S+01:00"),
}


@pytest.mark.parametrize("fetch", [7, 10_000])
def test_a_table_is_split_as_a_filter_splits_it(warehouse: Warehouse, fetch: int) -> None:
    fill(warehouse, sa.DateTime, [strip(moment) for moment in HOURS])

    assert read(SqlSource(url=warehouse.url, table="feed", fetch=fetch), FOUR_HOURS) == expect(
        HOURS, FOUR_HOURS
    )


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_times_written_as_text_are_bounded_in_their_own_spelling(warehouse: Warehouse, spelling: str) -> None:
    fill(warehouse, sa.String(40), [SPELLINGS[spelling](moment) for moment in HOURS])

    assert read(SqlSource(url=warehouse.url, table="feed"), FOUR_HOURS) == expect(HOURS, FOUR_HOURS)


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_the_rows_that_come_first_are_looked_at_once_in_a_while(warehouse: Warehouse) -> None:
    fill(warehouse, sa.String(40), [SPELLINGS["fraction"](hour) for hour in HOURS])
    source = SqlSource(url=warehouse.url, table="feed")

    first = count_statements(lambda: read(source, FOUR_HOURS))
    second = count_statements(lambda: read(source, FOUR_HOURS))

    assert second == first - 1
    assert read(source, FOUR_HOURS) == expect(HOURS, FOUR_HOURS)


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", [sa.String(40), sa.Integer])
def test_a_table_that_takes_the_place_of_another_is_read_in_its_own_spelling(
    warehouse: Warehouse, kind: Any
) -> None:
    fill(warehouse, sa.String(40), [SPELLINGS["space"](hour) for hour in HOURS])
    source = SqlSource(url=warehouse.url, table="feed")
    assert read(source, FOUR_HOURS) == expect(HOURS, FOUR_HOURS)

    warehouse.run("DROP TABLE feed")
    write = SPELLINGS["t"] if isinstance(kind, sa.String) else lambda hour: int(hour.timestamp())
    fill(warehouse, kind, [write(hour) for hour in HOURS])

    assert read(source, FOUR_HOURS) == expect(HOURS, FOUR_HOURS)


@pytest.mark.parametrize("per_second", [1, 1000, 1_000_000])
def test_numbers_since_1970_are_bounded_in_their_own_unit(warehouse: Warehouse, per_second: int) -> None:
    fill(warehouse, sa.BigInteger, [int(moment.timestamp()) * per_second for moment in HOURS])

    assert read(SqlSource(url=warehouse.url, table="feed"), FOUR_HOURS) == expect(HOURS, FOUR_HOURS)


def test_dates_are_the_beginning_of_their_day(warehouse: Warehouse) -> None:
    days = [START + timedelta(days=day) for day in range(-2, 6)]
    fill(warehouse, sa.Date, [day.date() for day in days])

    windows = make_windows(4)
    assert read(SqlSource(url=warehouse.url, table="feed"), windows) == expect(days, windows)


@pytest.mark.parametrize("warehouse", ["postgresql"], indirect=True)
def test_times_with_a_zone_are_absolute(warehouse: Warehouse) -> None:
    fill(
        warehouse,
        sa.DateTime(timezone=True),
        [moment.astimezone(dt.timezone(timedelta(hours=5))) for moment in HOURS],
    )
    warehouse.run(f"ALTER DATABASE {warehouse.engine.url.database} SET timezone TO 'Asia/Tokyo'")

    source = SqlSource(url=warehouse.url, table="feed")

    assert read(source, FOUR_HOURS, timezone="America/New_York") == expect(HOURS, FOUR_HOURS)


@pytest.mark.parametrize("warehouse", ["mariadb"], indirect=True)
def test_mariadb_timestamps_are_absolute_and_its_datetimes_are_not(warehouse: Warehouse) -> None:
    fill(warehouse, sa.TIMESTAMP, [])
    fill(warehouse, sa.DateTime, [], "clock")
    for table in ("feed", "clock"):
        warehouse.run(
            "SET SESSION time_zone = '+00:00'", f"INSERT INTO {table} VALUES ('2013-01-01 05:00:00', 1)"
        )
    windows = make_windows(24, timedelta(hours=1))

    absolute = read(SqlSource(url=warehouse.url, table="feed"), windows, timezone="Asia/Tokyo")
    local = read(
        SqlSource(url=warehouse.url, table="clock"),
        make_windows(1, timedelta(hours=1), START - timedelta(hours=4)),
        timezone="Asia/Tokyo",
    )

    assert [at for at, rows in enumerate(absolute) if rows] == [5]
    assert local == [[1]]


CHANGES = [
    ("Europe/Paris", 3),
    ("Europe/Paris", 10),
    ("America/New_York", 11),
    ("Australia/Lord_Howe", 4),
    ("Australia/Lord_Howe", 10),
]


@pytest.mark.parametrize(("zone", "month"), CHANGES)
@pytest.mark.parametrize("how", ["table", "query"])
def test_a_clocks_times_are_split_rightly_where_the_clocks_change(
    warehouse: Warehouse, zone: str, month: int, how: str
) -> None:
    local = [datetime(2013, month, 1) + timedelta(minutes=30 * n) for n in range(48 * 31)]
    fill(warehouse, sa.DateTime, local)
    moments = [moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for moment in local]
    windows = make_windows(4 * 28, timedelta(hours=6), datetime(2013, month, 2, tzinfo=UTC))
    source = SqlSource(
        url=warehouse.url, table="feed" if how == "table" else None, query=QUERY if how == "query" else None
    )

    found = read(source, windows, timezone=zone)

    if how == "query":
        # The hour that comes twice is ambiguous in the bounds themselves: rows may be missing, none is wrong.
        assert all(
            set(seen) <= set(wanted) for seen, wanted in zip(found, expect(moments, windows), strict=True)
        )
        assert sum(map(len, found)) >= sum(map(len, expect(moments, windows))) - 4
    else:
        assert found == expect(moments, windows)


@pytest.mark.parametrize("hour", [sa.Integer, sa.String(2)])
def test_a_date_and_an_hour_are_joined(warehouse: Warehouse, hour: Any) -> None:
    rows = [
        {"d": m.date(), "h": m.hour if hour is sa.Integer else str(m.hour), "n": n}
        for n, m in enumerate(HOURS)
    ]
    warehouse.create("feed", {"d": sa.Date, "h": hour, "n": sa.Integer}, rows)

    assert read(SqlSource(url=warehouse.url, table="feed", fetch=11), FOUR_HOURS, "d", "h") == expect(
        HOURS, FOUR_HOURS
    )


def test_year_month_day_and_hour_are_joined(warehouse: Warehouse) -> None:
    rows = [{"y": m.year, "mo": m.month, "d": m.day, "h": m.hour, "n": n} for n, m in enumerate(HOURS)]
    warehouse.create("feed", dict.fromkeys(("y", "mo", "d", "h", "n"), sa.Integer), rows)

    found = read(SqlSource(url=warehouse.url, table="feed", fetch=11), FOUR_HOURS, "y", "mo", "d", "h")

    assert found == expect(HOURS, FOUR_HOURS)


def test_a_format_in_order_of_time_is_read_and_another_is_refused(warehouse: Warehouse) -> None:
    fill(warehouse, sa.String(40), [f"{m:%Y%m%d %H%M}" for m in HOURS])
    fill(warehouse, sa.String(40), [f"{m:%d-%m-%Y %H:%M}" for m in HOURS], "other")
    fill(warehouse, sa.Integer, [int(f"{m:%Y%m%d%H}") for m in HOURS], "whole")

    assert read(SqlSource(url=warehouse.url, table="feed"), FOUR_HOURS, format="%Y%m%d %H%M") == expect(
        HOURS, FOUR_HOURS
    )
    assert read(SqlSource(url=warehouse.url, table="whole"), FOUR_HOURS, format="%Y%m%d%H") == expect(
        HOURS, FOUR_HOURS
    )
    with pytest.raises(DataError, match="its order as text is not the order of time; convert it in a query"):
        read(SqlSource(url=warehouse.url, table="other"), FOUR_HOURS, format="%d-%m-%Y %H:%M")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["2013-01-01 00:00:00", "2013-01-01T05:00:00Z"], "spelled differently"),
        (["01/02/2013", "02/02/2013"], "does not begin with year, month and day"),
    ],
)
def test_text_that_does_not_sort_as_time_is_refused(
    warehouse: Warehouse, values: list[str], words: str
) -> None:
    fill(warehouse, sa.String(40), values)

    with pytest.raises(DataError, match=words) as caught:
        read(SqlSource(url=warehouse.url, table="feed"), FOUR_HOURS)

    assert "monitor 'm', 18 windows" in str(caught.value)
    assert "column 't'" in str(caught.value)


def test_a_table_without_rows_gives_empty_windows_with_its_columns(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [])

    found = list(SqlSource(url=warehouse.url, table="feed").read(ask(FOUR_HOURS, "t")))

    assert [(window, rows.num_rows, rows.column_names) for window, rows in found] == [
        (window, 0, ["t", "n"]) for window in FOUR_HOURS
    ]


def test_rows_without_a_time_belong_to_no_window(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [strip(START), None])

    assert read(SqlSource(url=warehouse.url, table="feed"), FOUR_HOURS[:1]) == [[0]]


@pytest.mark.parametrize("time", [("t",), ()])
def test_a_query_is_run_for_each_window_and_may_aggregate(
    warehouse: Warehouse, time: tuple[str, ...]
) -> None:
    fill(warehouse, sa.DateTime, [strip(moment) for moment in HOURS])
    query = "SELECT count(*) AS n FROM feed WHERE t >= :window_start AND t < :window_end"

    found = collect(SqlSource(url=warehouse.url, query=query).read(ask(FOUR_HOURS, *time)))

    assert [row["n"] for rows in found.values() for row in rows] == [4] * 18


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_query_on_sqlite_gets_bounds_in_the_spelling_of_its_times(
    warehouse: Warehouse, spelling: str
) -> None:
    fill(warehouse, sa.String(40), [SPELLINGS[spelling](moment) for moment in HOURS])

    assert read(SqlSource(url=warehouse.url, query=QUERY), FOUR_HOURS) == expect(HOURS, FOUR_HOURS)


def test_rows_that_a_query_gives_too_many_are_dropped(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [strip(moment) for moment in HOURS])
    query = "SELECT t, n FROM feed WHERE :window_start < :window_end OR n < 0"

    assert read(SqlSource(url=warehouse.url, query=query), FOUR_HOURS) == expect(HOURS, FOUR_HOURS)


TYPES: dict[str, tuple[Any, list[Any], pa.DataType]] = {
    "whole": (sa.BigInteger, [1, None, -5], pa.int64()),
    "decimal": (sa.Numeric(12, 3), [decimal.Decimal("1.5"), None], pa.float64()),
    "double": (sa.Double, [1.5, None], pa.float64()),
    "text": (sa.String(20), ["x", None, "2013-01-01"], pa.string()),
    "day": (sa.Date, [dt.date(2013, 1, 5), None], pa.date32()),
    "stamp": (sa.DateTime, [datetime(2013, 1, 5, 6), None], pa.timestamp("us")),
    "blob": (sa.LargeBinary, [b"\x00\xff", None], pa.binary()),
    "nothing": (sa.Integer, [None], pa.int64()),
}


# SQLite has no times.
ALL_TYPES = [
    (kind, name)
    for kind in ("sqlite", "postgresql", "mariadb")
    for name in TYPES
    if kind != "sqlite" or name not in {"day", "stamp"}
]


@pytest.mark.parametrize(("warehouse", "name"), ALL_TYPES, indirect=["warehouse"])
def test_types_are_those_of_the_database_in_every_chunk(warehouse: Warehouse, name: str) -> None:
    kind, values, wanted = TYPES[name]
    rows = [{"n": n, "v": value} for n, value in enumerate([None] * 5 + values)]
    warehouse.create("feed", {"n": sa.Integer, "v": kind}, rows)

    tables = [
        table for _, table in SqlSource(url=warehouse.url, table="feed", fetch=2).read(ask(FOUR_HOURS[:1]))
    ]

    assert {table.schema.field("v").type for table in tables} == {wanted}
    assert {get_column(table, "v").text for table in tables} == {"typed"}
    found = [row["v"] for table in tables for row in table.to_pylist()]
    assert found[5:] == [float(v) if isinstance(v, decimal.Decimal) else v for v in values]


def test_booleans_are_booleans_but_a_small_integer_is_a_number(warehouse: Warehouse) -> None:
    warehouse.create("feed", {"n": sa.Integer, "b": sa.Boolean}, [{"n": 1, "b": True}, {"n": 2, "b": None}])

    ((_, table),) = SqlSource(url=warehouse.url, table="feed").read(ask(FOUR_HOURS[:1]))

    assert table.schema.field("b").type == (pa.int64() if warehouse.kind == "mariadb" else pa.bool_())


@pytest.mark.parametrize("warehouse", ["postgresql", "mariadb"], indirect=True)
def test_types_that_only_servers_have_are_read(warehouse: Warehouse) -> None:
    columns: dict[str, Any] = {"j": sa.JSON, "u": sa.Uuid, "i": sa.Time}
    if warehouse.kind == "mariadb":
        columns["big"] = mysql.BIGINT(unsigned=True)
    else:
        columns |= {"l": postgresql.ARRAY(sa.Integer), "s": sa.Interval}
    row = {
        "j": {"a": 1},
        "u": uuid.UUID(int=5),
        "i": dt.time(5),
        "big": 2**64 - 1,
        "l": [1],
        "s": timedelta(hours=1),
    }
    warehouse.create("feed", columns, [{name: row[name] for name in columns}])

    ((_, table),) = SqlSource(url=warehouse.url, table="feed").read(ask(FOUR_HOURS[:1]))

    assert table.num_rows == 1
    if warehouse.kind == "mariadb":
        assert table["big"].to_pylist() == [2**64 - 1]
        assert table["i"].to_pylist() == [timedelta(hours=5)]
    else:
        assert table["u"].to_pylist() == [str(uuid.UUID(int=5))]
        assert table["i"].to_pylist() == [dt.time(5)]
        assert table["s"].to_pylist() == [timedelta(hours=1)]
        assert table["l"].to_pylist() == [b"{}"]


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_times_of_sqlite_are_recognised_as_times(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE feed (v DATETIME)", "INSERT INTO feed VALUES ('2013-01-01 05:00:00')")

    ((_, table),) = SqlSource(url=warehouse.url, table="feed").read(ask(FOUR_HOURS[:1]))

    assert infer_kind(get_column(table, "v")) == "time"


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_a_value_of_another_type_leaves_the_numbers_of_its_column_numbers(warehouse: Warehouse) -> None:
    warehouse.run(
        "CREATE TABLE feed (v INTEGER, w INTEGER)", "INSERT INTO feed VALUES (1, 1), ('n/a', 2.5), (3, 3)"
    )

    ((_, table),) = SqlSource(url=warehouse.url, table="feed").read(ask(FOUR_HOURS[:1]))

    assert (table["v"].to_pylist(), get_column(table, "v").text) == (["1", "n/a", "3"], "parse")
    assert table["w"].to_pylist() == [1.0, 2.5, 3.0]


NAMES = ['a"; DROP TABLE feed; --', "a`b", "Übung%s", "select", "x y:z", "'", "é", "e\u0301"]


def test_strange_names_are_names_and_nothing_else(warehouse: Warehouse) -> None:
    # In MariaDB accents do not tell names apart, and SQLAlchemy reads names with a backtick wrongly.
    names = [name for name in NAMES if warehouse.kind != "mariadb" or name not in {"e\u0301", "a`b"}]
    for name in names[:3]:
        warehouse.create(
            name,
            {"t": sa.DateTime, **dict.fromkeys(names, sa.Integer)},
            [{"t": strip(START), **dict.fromkeys(names, 5)}],
        )

    for name in names[:3]:
        found = collect(SqlSource(url=warehouse.url, table=name).read(ask(FOUR_HOURS[:1], "t")))
        assert [{n: row[n] for n in names} for rows in found.values() for row in rows] == [
            dict.fromkeys(names, 5)
        ]


@pytest.mark.parametrize(
    ("table", "time", "words"),
    [
        ("Feed", "t", "there is no table or view 'Feed'.*did you mean 'feed'"),
        ("feeds", "t", "did you mean 'feed'"),
        ("nowhere.feed", "t", "no schema 'nowhere'"),
        ("feed; DROP TABLE feed", "t", "there is no table or view"),
        ("feed", "T", "has no time column 'T'; did you mean 't'"),
        ("feed", "t; --", "has no time column"),
    ],
)
def test_a_wrong_name_is_answered_with_near_ones(
    warehouse: Warehouse, table: str, time: str, words: str
) -> None:
    fill(warehouse, sa.DateTime, [strip(START)])

    with pytest.raises(DataError, match=words) as caught:
        read(SqlSource(url=warehouse.url, table=table), FOUR_HOURS[:1], time)

    assert str(caught.value).startswith("monitor 'm', window 2013-01-01T00:00:00Z/")


def test_a_table_is_found_with_its_schema(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [strip(START)])
    schema = {"sqlite": "main", "postgresql": "public"}.get(
        warehouse.kind, str(warehouse.engine.url.database)
    )

    assert read(SqlSource(url=warehouse.url, table=f"{schema}.feed"), FOUR_HOURS[:1]) == [[0]]


def test_a_view_is_read(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [strip(START)])
    warehouse.run("CREATE VIEW seen AS SELECT t, n FROM feed")

    assert read(SqlSource(url=warehouse.url, table="seen"), FOUR_HOURS[:1]) == [[0]]


def test_only_wanted_columns_are_read(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [strip(START)])
    request = ask(FOUR_HOURS[:1], "t", columns=("n", "gone"))

    query = QUERY.replace("t, n", "t, n, 1 AS more")
    for source in (SqlSource(url=warehouse.url, table="feed"), SqlSource(url=warehouse.url, query=query)):
        ((_, table),) = source.read(request)
        assert table.column_names == ["t", "n"]


def test_without_a_time_column_a_table_belongs_to_one_window(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [strip(START)])
    source = SqlSource(url=warehouse.url, table="feed")

    assert [table.num_rows for _, table in source.read(ask(FOUR_HOURS[:1]))] == [1]
    with pytest.raises(DataError, match=r"needs source\.time_column"):
        list(source.read(ask(FOUR_HOURS)))


def test_a_look_gives_some_rows(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [strip(START + timedelta(hours=n)) for n in range(1200)])

    assert SqlSource(url=warehouse.url, table="feed").look(ask((), "t").options, "m").rows.num_rows == 1000
    assert (
        SqlSource(url=warehouse.url, query=QUERY + ";").look(ask((), "t").options, "m").rows.num_rows == 1000
    )


WRITING = {
    "sqlite": ("DELETE FROM feed WHERE t >= :window_start AND t < :window_end", "readonly database"),
    "postgresql": ("SELECT nextval('s') AS n WHERE :window_start < :window_end", "read-only transaction"),
    "mariadb": ("DELETE FROM feed WHERE t >= :window_start AND t < :window_end", "READ ONLY transaction"),
}


def test_nothing_can_be_written(warehouse: Warehouse) -> None:
    fill(warehouse, sa.DateTime, [strip(START)])
    if warehouse.kind == "postgresql":
        warehouse.run("CREATE SEQUENCE s")
    query, words = WRITING[warehouse.kind]

    with pytest.raises(SourceError, match=words):
        list(SqlSource(url=warehouse.url, query=query).read(ask(FOUR_HOURS[:1])))

    assert read(SqlSource(url=warehouse.url, table="feed"), FOUR_HOURS[:1]) == [[0]]


SLOW = {
    "sqlite": "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c",
    "postgresql": "SELECT pg_sleep(20)",
    "mariadb": "SELECT SUM(SLEEP(1)) FROM seq_1_to_20",
}


def test_a_statement_ends_at_its_time_limit(warehouse: Warehouse) -> None:
    query = SLOW[warehouse.kind] + " WHERE :window_start < :window_end"
    source = SqlSource(url=warehouse.url, query=query, timeout=timedelta(seconds=0.3))

    with pytest.raises(SourceError, match=r"took longer than 0\.3 s; put an index on") as caught:
        list(source.read(ask(FOUR_HOURS[:1])))

    assert caught.value.again


SEEN = {
    "postgresql": "SELECT statement AS q FROM pg_cursors",
    "mariadb": "SELECT info AS q FROM information_schema.processlist",
}


@pytest.mark.parametrize("warehouse", ["postgresql", "mariadb"], indirect=True)
def test_every_statement_says_who_asks_and_for_which_window(warehouse: Warehouse) -> None:
    query = SEEN[warehouse.kind] + " WHERE :window_start < :window_end"
    request = replace(ask(FOUR_HOURS[:1]), monitor="a*/b%s'é")

    ((_, table),) = SqlSource(url=warehouse.url, query=query).read(request)

    comment = "/* driftwatch monitor=a__b_s__ window=20130101T000000Z-20130101T040000Z */ SELECT"
    assert any(comment in text for text in table["q"].to_pylist() if text)


def test_two_result_columns_of_one_name_are_refused(warehouse: Warehouse) -> None:
    query = "SELECT 1 AS a, 2 AS a WHERE :window_start < :window_end"
    if warehouse.kind == "mariadb":
        query = query.replace("WHERE", "FROM DUAL WHERE")

    with pytest.raises(DataError, match="2 columns called 'a'"):
        list(SqlSource(url=warehouse.url, query=query).read(ask(FOUR_HOURS[:1])))


def test_a_mistake_in_a_query_will_not_pass_by_waiting(warehouse: Warehouse) -> None:
    query = "SELECT nope WHERE :window_start < :window_end"

    with pytest.raises(SourceError, match=r"the statement failed: .*correct source\.query") as caught:
        list(SqlSource(url=warehouse.url, query=query).read(ask(FOUR_HOURS[:1])))

    assert not caught.value.again


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:canary-81@127.0.0.1:1/db",
        "mysql://ann:canary-81@127.0.0.1:1/db",
        "sqlite:////nowhere/canary.db",
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_secrets(url: str) -> None:
    source = SqlSource(url=Secret.of_text(url), table="feed")

    with pytest.raises(SourceError, match=r"^monitor 'm', window 2013-01-01T00:00:00Z") as caught:
        list(source.read(ask(FOUR_HOURS[:1], "t")))

    assert "canary-81" not in str(caught.value) + repr(source)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "table or query: give one of them"),
        ({"table": "a", "query": QUERY}, "table or query: give not both"),
        ({"query": "SELECT 1"}, "query does not use :window_start and :window_end"),
        ({"query": "SELECT :window_start, x::window_end"}, "query does not use :window_end"),
        ({"table": ""}, "table is empty"),
        ({"table": "a", "timeout": timedelta(0)}, "timeout must be longer"),
        ({"table": "a", "fetch": 0}, "fetch must be at least 1"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SqlSource(url="sqlite:///x.db", **settings)


@pytest.mark.parametrize("warehouse", ["sqlite"], indirect=True)
def test_memory_does_not_grow_with_the_table(warehouse: Warehouse) -> None:
    count = 60_000
    fill(
        warehouse, sa.String(40), [f"{START + timedelta(seconds=n):%Y-%m-%d %H:%M:%S}" for n in range(count)]
    )
    before, most, rows = pa.total_allocated_bytes(), 0, 0

    for _, table in SqlSource(url=warehouse.url, table="feed", fetch=500).read(ask(FOUR_HOURS, "t")):
        rows += table.num_rows
        most = max(most, pa.total_allocated_bytes() - before)

    assert rows == count
    # A window has 14,400 rows of some 40 bytes.
    assert most < 3_000_000
