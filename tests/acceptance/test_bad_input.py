"""Bad input gets an error that says what to do and exit status 2, and nothing already stored is lost.

Each mistake is made on a store that has judged windows before, and met by the command in a process of its
own, as users run it; further forms of the same mistake are met in this process, for speed alone.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.commands import Ran, run_command, run_here
from tests.support.shop import build_rows, judge_history, read_store, write_rows, write_shop

pytestmark = pytest.mark.slow

BAD_DAY = "2024-01-22"
SOURCE = "{kind: files, path: rows.csv, time_column: at}"

Run = Callable[..., Ran]
COMMANDS: list[tuple[list[str], Run]] = [
    (["check", "shop", "--at", BAD_DAY, "-o", "json"], run_command),
    (["reference", "build", "shop"], run_here),
]

Rows = dict[str, set[tuple[object, ...]]]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def read(folder: Path) -> Rows:
    found: Rows = read_store(folder / "driftwatch.db")
    assert found["verdicts"]
    assert found["reference_versions"]
    return found


def assert_one_clear_line(ran: Ran, *said: str) -> None:
    assert ran.status == 2, ran
    (line,) = ran.stderr.splitlines()
    for words in said:
        assert words in line
    assert "Traceback" not in ran.stderr
    assert "canary" not in ran.stderr + ran.stdout


def check_bad_day(shop: Path, *said: str) -> None:
    """Check the bad day: one error verdict comes, and everything that was stored stays as it was."""
    before = read(shop)

    ran = run_command("check", "shop", "--at", BAD_DAY, "-o", "json", folder=shop)

    assert_one_clear_line(ran, "monitor 'shop', window 2024-01-22T00:00:00Z", *said)
    (window,) = ran.json["windows"]
    assert (window["verdict"], window["rows"], window["findings"]) == ("error", None, [])
    assert f"driftwatch: {window['reason']}\n" == ran.stderr
    assert_nothing_lost(before, read(shop), window["reason"])


def assert_nothing_lost(before: Rows, after: Rows, reason: str) -> None:
    gone = {table: before[table] - after[table] for table in before}
    new = {table: after[table] - before[table] for table in before}
    assert not any(gone.values()), gone
    # The error verdict itself, and the incident that says that a window could not be checked.
    (verdict,) = new.pop("verdicts")
    assert "error" in verdict
    assert reason in verdict
    assert [row[3] for row in new.pop("incidents")] == ["evaluation"]
    assert len(new.pop("events")) == 1
    assert not any(new.values()), new


def refuse(shop: Path, *args: str, run: Run = run_command) -> Ran:
    """Run a command that must fail before it does anything; the store stays as it was."""
    before = read(shop)

    ran = run(*args, folder=shop)

    assert ran.status == 2
    assert ran.stdout == ""
    assert read(shop) == before
    return ran


def test_a_file_that_is_not_there(shop: Path) -> None:
    (shop / "rows.csv").unlink()

    check_bad_day(shop, "the file rows.csv cannot be opened: no such file or directory")
    assert_one_clear_line(
        run_command("compare", "rows.csv", "rows.csv", "-o", "json", folder=shop),
        "the file rows.csv cannot be opened: no such file or directory",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(shop: Path) -> None:
    (shop / "rows.csv").chmod(0)

    check_bad_day(shop, "rows.csv", "permission denied")


def test_a_file_that_cannot_be_read(shop: Path) -> None:
    (shop / "rows.csv").unlink()
    (shop / "rows.csv").symlink_to("rows.csv")

    check_bad_day(shop, "rows.csv cannot be opened: too many levels of symbolic links")
    write_rows(shop / "good.csv")
    for args in (["good.csv", "rows.csv"], ["rows.csv", "good.csv"]):
        ran = run_here("compare", *args, "-o", "json", folder=shop)
        assert ran.stdout == ""
        assert_one_clear_line(ran, "rows.csv cannot be opened: too many levels of symbolic links")


def write_parquet(path: Path) -> None:
    rows = build_rows()
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), path)


def test_a_parquet_file_that_is_cut_off(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    edit(shop / "driftwatch.yaml", "path: rows.csv", "path: rows.parquet")
    write_parquet(shop / "rows.parquet")
    judge_history(shop)
    whole = (shop / "rows.parquet").read_bytes()
    (shop / "whole.parquet").write_bytes(whole)
    (shop / "rows.parquet").write_bytes(whole[: len(whole) // 2])

    check_bad_day(shop, "rows.parquet is cut off", "wait until it is written")
    for args in (["whole.parquet", "rows.parquet"], ["rows.parquet", "whole.parquet"]):
        ran = run_here("compare", *args, "-o", "json", folder=shop)
        assert ran.stdout == ""
        assert_one_clear_line(ran, "rows.parquet is cut off", "wait until it is written")


def test_a_csv_file_with_a_broken_quote(shop: Path) -> None:
    write_rows(shop / "good.csv")
    lines = (shop / "rows.csv").read_text().splitlines()
    lines[1200] = lines[1200].replace(",b", ',"b').replace(",a", ',"a').replace(",c", ',"c')
    (shop / "rows.csv").write_text("\n".join(lines) + "\n")

    check_bad_day(shop, "rows.csv, line 1201: a quote opens a field here and is never closed", "cut off?")
    for args in (["good.csv", "rows.csv"], ["rows.csv", "good.csv"]):
        ran = run_here("compare", *args, "-o", "json", folder=shop)
        assert ran.stdout == ""
        assert_one_clear_line(ran, "rows.csv, line 1201: a quote opens a field here and is never closed")


def test_a_missing_time_column(shop: Path) -> None:
    write_rows(shop / "good.csv")
    edit(shop / "rows.csv", "at,id", "when,id")

    check_bad_day(shop, "rows.csv: the time column 'at' is not there; there are: when, id, amount, kind")
    for args in (["good.csv", "rows.csv"], ["rows.csv", "good.csv"]):
        ran = run_here("compare", *args, "--time-column", "at", "-o", "json", folder=shop)
        assert ran.stdout == ""
        assert_one_clear_line(ran, "rows.csv: the time column 'at' is not there; there are: when, id, amount")


def test_a_time_column_that_holds_no_times(shop: Path) -> None:
    write_rows(shop / "good.csv")
    edit(shop / "rows.csv", "2024-01-", "day ")

    check_bad_day(
        shop, "rows.csv: the time column 'at' holds 'day 01T00:00:00', which is not a time", "format"
    )
    for args in (["good.csv", "rows.csv"], ["rows.csv", "good.csv"]):
        ran = run_here("compare", *args, "--time-column", "at", "-o", "json", folder=shop)
        assert ran.stdout == ""
        assert_one_clear_line(ran, "rows.csv: the time column 'at' holds 'day 01T00:00:00'")


def test_an_unknown_key_in_the_configuration(shop: Path) -> None:
    edit(shop / "driftwatch.yaml", "    owner: sales", "    ownr: sales")

    ran = refuse(shop, "check", "shop", "--at", BAD_DAY, "-o", "json")

    assert_one_clear_line(ran, "driftwatch.yaml:14:5: monitors[0].ownr: ", "(did you mean owner?)")


def test_a_variable_that_is_not_set(shop: Path) -> None:
    edit(shop / "driftwatch.yaml", "${RETRAIN_URL:-http://127.0.0.1:9/retrain}", "${RETRAIN_URL}")

    ran = refuse(shop, "check", "shop", "--at", BAD_DAY, "-o", "json")

    assert_one_clear_line(
        ran, "driftwatch.yaml:10:", "triggers.retrain.url: the variable RETRAIN_URL is not set; set it"
    )


@pytest.mark.parametrize(
    ("url", "said", "run"),
    [
        ("postgresql://me:canary@127.0.0.1:9/store", "PostgreSQL database store at 127.0.0.1:9", run_command),
        ("mysql://me:canary@127.0.0.1:9/store", "database store at 127.0.0.1:9", run_here),
        ("sqlite:///no/such/folder/driftwatch.db", "no/such/folder", run_here),
    ],
)
def test_a_store_that_cannot_be_reached(shop: Path, url: str, said: str, run: Run) -> None:
    edit(shop / "driftwatch.yaml", "sqlite:///driftwatch.db", url)

    ran = refuse(shop, "check", "shop", "--at", BAD_DAY, "-o", "json", run=run)

    assert_one_clear_line(ran, said)


def test_a_store_that_is_no_database(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    (shop / "driftwatch.db").write_text("This was something else. " * 100)

    ran = run_command("status", "-o", "json", folder=shop)

    assert ran.stdout == ""
    assert_one_clear_line(ran, "driftwatch.db", "name another file")
    assert (shop / "driftwatch.db").read_text() == "This was something else. " * 100


@pytest.mark.parametrize(("kind", "run"), [("postgresql", run_command), ("mysql", run_here)])
def test_a_warehouse_that_cannot_be_reached_ends_no_history(shop: Path, kind: str, run: Run) -> None:
    source = f'{{kind: sql, url: "{kind}://me:canary@127.0.0.1:9/lake", table: rows, time_column: at}}'
    edit(shop / "driftwatch.yaml", SOURCE, source)

    ran = refuse(shop, "check", "shop", "--at", BAD_DAY, "-o", "json", run=run)

    assert_one_clear_line(ran, "monitor 'shop'", "database lake at 127.0.0.1:9", "check the address")


def test_a_warehouse_that_has_gone(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    source = '{kind: sql, url: "sqlite:///lake.db", table: rows, time_column: at}'
    edit(shop / "driftwatch.yaml", SOURCE, source)
    write_table(shop / "lake.db")
    judge_history(shop)
    (shop / "lake.db").rename(shop / "moved.db")

    check_bad_day(shop, "lake.db")


def write_table(path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as lake, lake:
        lake.execute("CREATE TABLE rows (at TEXT, id INTEGER, amount REAL, kind TEXT)")
        lake.executemany("INSERT INTO rows VALUES (:at, :id, :amount, :kind)", build_rows())


def test_an_http_source_that_has_gone(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    with serve_rows() as url:
        source = (
            f'{{kind: http, url: "{url}/rows?token=canary", format: jsonl, time_column: at, '
            'params: {from: "{window_start}", to: "{window_end}"}}'
        )
        edit(shop / "driftwatch.yaml", SOURCE, source)
        judge_history(shop)

    check_bad_day(shop, url, "connection refused", "check source.url and that the server runs")


def test_an_http_source_that_cannot_be_reached_ends_no_history(shop: Path) -> None:
    source = '{kind: http, url: "http://127.0.0.1:9/rows?token=canary", format: jsonl, time_column: at}'
    edit(shop / "driftwatch.yaml", SOURCE, source)

    for args, run in COMMANDS:
        ran = refuse(shop, *args, run=run)
        assert_one_clear_line(ran, "http://127.0.0.1:9", "connection refused", "check source.url")


@contextmanager
def serve_rows() -> Iterator[str]:
    """Serve the shop's rows over HTTP, those of the window that is asked for."""
    rows = build_rows()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            start, end = asked["from"][0].removesuffix("Z"), asked["to"][0].removesuffix("Z")
            lines = [json.dumps(row) + "\n" for row in rows if start <= str(row["at"]) < end]
            body = "".join(lines).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def empty_range(shop: Path) -> None:
    edit(shop / "driftwatch.yaml", "from: 2024-01-01, to: 2024-01-11", "from: 2020-01-01, to: 2020-02-01")


@pytest.mark.parametrize(("args", "run"), COMMANDS)
def test_an_empty_reference(shop: Path, args: list[str], run: Run) -> None:
    empty_range(shop)

    ran = refuse(shop, *args, run=run)

    assert_one_clear_line(ran, "shop: reference from 2020-01-01T00:00:00Z", "is empty", "no rows in it")


def test_an_empty_reference_file(shop: Path) -> None:
    header = (shop / "rows.csv").read_text().splitlines()[0]
    (shop / "empty.csv").write_text(f"{header}\n")

    ran = run_command("compare", "empty.csv", "rows.csv", "-o", "json", folder=shop)

    assert ran.stdout == ""
    assert_one_clear_line(ran, "the reference is empty: there are no rows in empty.csv")


@pytest.mark.parametrize("spoil", [empty_range, lambda shop: (shop / "rows.csv").unlink()])
def test_after_the_mistake_is_mended_judging_goes_on_where_it_was(
    shop: Path, spoil: Callable[[Path], None]
) -> None:
    config, rows = (shop / "driftwatch.yaml").read_bytes(), (shop / "rows.csv").read_bytes()
    references = read(shop)["reference_versions"]
    spoil(shop)
    assert run_here("check", "shop", "--at", BAD_DAY, folder=shop).status == 2
    (shop / "driftwatch.yaml").write_bytes(config)
    (shop / "rows.csv").write_bytes(rows)

    ran = run_here("check", "shop", "--at", BAD_DAY, "-o", "json", folder=shop)

    assert (ran.status, ran.json["windows"][0]["verdict"]) == (0, "ok")
    assert read(shop)["reference_versions"] == references
