from __future__ import annotations

import gzip
import logging
import os
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
import sqlalchemy as sa
from pyarrow import parquet

from driftwatch.errors import DataError, SourceError
from driftwatch.jobs.batches import fingerprint_counts
from driftwatch.jobs.limits import Limits
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.reader_pool import ReaderPool
from driftwatch.jobs.reading import OwnReader, Reader, ReadingInterrupted
from driftwatch.jobs.reference import read_reference
from driftwatch.net.secrets import Secret
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.times import TimeColumn
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Source
from driftwatch.sources.files import FilesSource
from driftwatch.sources.sql import SqlSource
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, draw_rows, make_monitor, make_source
from tests.support.waiting import wait_until
from tests.support.warehouse import Warehouse
from tests.support.wild_sources import WildSource

pytestmark = pytest.mark.slow

SECOND = timedelta(seconds=1)
MIB = 1 << 20
LIMITS = Limits(memory=256 * MIB, wall=60 * SECOND)
REFERENCE = read_reference(replace(make_monitor(make_source()), source=WildSource()))


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    with closing(ReaderPool(1)) as pool:
        yield pool


def watch(way: str = "tame", *, at: int = 0, limits: Limits = LIMITS, name: str = "flights") -> Monitor:
    return replace(make_monitor(make_source()), source=WildSource(way=way, at=at), limits=limits, id=name)


def take(reader: Reader, monitor: Monitor, windows: Sequence[Window] = (day(1),)) -> list[Profile]:
    """Return the profiles of all windows."""
    with closing(reader.open_batches(monitor, REFERENCE, windows)) as batches:
        return [batches.take(window).profile for window in windows]


def tell(reader: Reader, monitor: Monitor, windows: Sequence[Window]) -> list[str]:
    """Return for each window `read`, or how reading it failed."""
    found = []
    with closing(reader.open_batches(monitor, REFERENCE, windows)) as batches:
        for window in windows:
            try:
                found.append("read" if batches.take(window).profile.rows else "empty")
            except SourceError as error:
                found.append(str(error))
    return found


def find_cause(reader: Reader, monitor: Monitor) -> str:
    """Return why day 1 cannot be read, without who asks."""
    with pytest.raises(SourceError) as caught:
        take(reader, monitor)
    return str(caught.value).rpartition(": ")[2]


@pytest.mark.parametrize("way", ["allocate", "allocate in arrow", "allocate and wrap"])
def test_a_read_that_takes_all_memory_is_cut_off_and_says_so(pool: ReaderPool, way: str) -> None:
    assert find_cause(pool, watch(way)).startswith("reading it took more than 256 MiB of memory")
    assert take(pool, watch())[0].rows


@pytest.mark.parametrize("way", ["spin", "spin in c"])
def test_a_read_that_computes_without_end_is_cut_off_and_says_so(pool: ReaderPool, way: str) -> None:
    limits = replace(LIMITS, cpu=SECOND)

    assert find_cause(pool, watch(way, limits=limits)).startswith(
        "reading it took more than 1 second of CPU time"
    )


@pytest.mark.parametrize("way", ["sleep", "hold the interpreter", "close everything"])
def test_a_read_that_never_ends_is_cut_off_and_may_be_tried_again(pool: ReaderPool, way: str) -> None:
    take(pool, watch())

    with pytest.raises(SourceError, match="reading it took longer than 1 second") as caught:
        take(pool, watch(way, limits=replace(LIMITS, wall=SECOND)))

    assert caught.value.again


@pytest.mark.parametrize(
    ("way", "cause"),
    [
        ("crash", "the reader died with signal 11 (SIGSEGV)"),
        ("exit", "the reader ended with the status 3"),
        ("kill", "the reader died with signal 9 (SIGKILL), as the system sends it when"),
    ],
)
def test_a_reader_that_dies_costs_its_window_alone(pool: ReaderPool, way: str, cause: str) -> None:
    assert find_cause(pool, watch(way)).startswith(cause)
    assert take(pool, watch())[0].rows


def test_a_message_names_monitor_and_window(pool: ReaderPool) -> None:
    with pytest.raises(SourceError, match=f"^monitor 'flights', window {day(1)}: the reader ended"):
        take(pool, watch("exit"))


@pytest.mark.parametrize(("way", "error"), [("leave", "SystemExit"), ("raise", "KeyError")])
def test_a_fault_of_a_source_is_told_by_its_class_and_place(
    pool: ReaderPool, caplog: pytest.LogCaptureFixture, way: str, error: str
) -> None:
    assert find_cause(pool, watch(way)) == f"driftwatch itself failed ({error}); its log has the details"

    assert f"error={error} places=" in caplog.text
    assert "wild_sources.py" in caplog.text


def test_what_a_source_writes_on_disk_is_limited(pool: ReaderPool, tmp_path: Path) -> None:
    assert "OSError" in find_cause(pool, watch("fill the disk"))
    assert not list(tmp_path.iterdir())


def test_what_a_source_prints_is_logged_without_secrets_and_harms_nothing(
    pool: ReaderPool, caplog: pytest.LogCaptureFixture
) -> None:
    assert take(pool, watch("print"))[0].rows

    wait_until(lambda: "and another" in caplog.text)
    assert "text=a chatty library ***" in caplog.text
    assert "\x1b" not in caplog.text


def test_secrets_reach_no_log_command_line_or_environment(
    pool: ReaderPool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    for way in ("raise", "print", "crash"):
        tell(pool, watch(way), [day(1)])
    take(pool, watch())

    (pid,) = pool.list_pids()
    shown = caplog.text.encode() + b"".join(
        Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")
    )
    assert b"driftwatch.jobs.reading_child" in shown
    assert b"hunter2" not in shown


@pytest.mark.parametrize("way", ["exit", "allocate"])
def test_windows_before_and_after_the_one_that_kills_its_reader_are_read(pool: ReaderPool, way: str) -> None:
    windows = [day(number) for number in range(1, 5)]

    found = tell(pool, watch(way, at=2), windows)

    assert [one == "read" for one in found] == [True, False, True, True]


def test_one_child_reads_many_windows_and_monitors_and_does_not_grow(pool: ReaderPool) -> None:
    monitors = [watch(name=name) for name in ("one", "two")]
    # What is remembered of columns, up to 128 of them, is there from here on.
    for monitor in monitors * 70:
        take(pool, monitor)
    pids = pool.list_pids()
    before, own = count_resources(pids[0]), count_resources(os.getpid())

    for _ in range(100):
        for monitor in monitors:
            take(pool, monitor)

    assert pool.list_pids() == pids
    after, own_after = count_resources(pids[0]), count_resources(os.getpid())
    assert after[0] <= before[0]
    assert after[1] - before[1] < 8 * MIB
    assert own_after[0] <= own[0]
    assert own_after[1] - own[1] < 8 * MIB


def count_resources(pid: int) -> tuple[int, int]:
    """Return how many files a process has open, and how many bytes of memory it holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return len(list(Path(f"/proc/{pid}/fd").iterdir())), pages * os.sysconf("SC_PAGESIZE")


def test_many_windows_are_one_read_of_the_source(pool: ReaderPool, caplog: pytest.LogCaptureFixture) -> None:
    profiles = take(pool, watch("announce"), [day(number) for number in (1, 2, 3)])

    assert [profile.rows for profile in profiles] == [draw_rows(1).num_rows] * 3
    wait_until(lambda: "asked for" in caplog.text)
    assert [record.getMessage().partition("text=")[2] for record in caplog.records] == ["asked for 3 windows"]


def test_a_child_reads_and_fails_as_this_process_does(pool: ReaderPool) -> None:
    monitor = make_monitor(make_source(".anmv-EX."), limits=LIMITS)
    windows = [day(number) for number in range(1, 10)]

    here, there = (list(read_all(reader, monitor, windows)) for reader in (OwnReader(), pool))

    assert here == there
    assert here[7:9] == [
        ("SourceError", "day 7 is out of reach", True),
        ("DataError", "day 8 is damaged", False),
    ]


def read_all(reader: Reader, monitor: Monitor, windows: Sequence[Window]) -> Iterator[object]:
    reference = reader.read_reference(monitor)
    yield [fingerprint_counts(block.profile) for block in reference.blocks]
    with closing(reader.open_batches(monitor, reference, windows)) as batches:
        for window in windows:
            try:
                batch = batches.take(window)
                profile = batch.profile
                yield profile.rows, profile.absent, profile.extra, fingerprint_counts(profile), batch.compared
            except (SourceError, DataError) as error:
                yield type(error).__name__, str(error), getattr(error, "again", False)


def test_a_reference_is_read_within_limits_too(pool: ReaderPool) -> None:
    monitor = watch("exit")
    spec = replace(monitor.reference, end=day(3).end)

    with pytest.raises(SourceError, match="monitor 'flights', reference: the reader ended with the status 3"):
        pool.read_reference(replace(monitor, reference=spec))


def test_a_source_that_cannot_be_sent_is_told(pool: ReaderPool) -> None:
    source = make_source()
    source.before = lambda window: None  # noqa: ARG005 - what pickle cannot copy

    with pytest.raises(SourceError, match="cannot be sent to the process that reads it"):
        pool.read_reference(make_monitor(source, limits=LIMITS))

    assert take(pool, watch())[0].rows


def test_a_stop_ends_a_read_under_way_and_what_waits_for_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.jobs.reader_pool.STOP_SECONDS", 0.2)
    found: list[BaseException] = []

    def read(reader: Reader, name: str) -> None:
        try:
            take(reader, watch("sleep", name=name))
        except ReadingInterrupted as error:
            found.append(error)

    with closing(ReaderPool(1)) as pool:
        take(pool, watch())
        (pid,) = pool.list_pids()
        threads = [threading.Thread(target=read, args=(pool, name)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        wait_until(lambda: not pool.list_pids())
        pool.stop()
        for thread in threads:
            thread.join(10)

    assert len(found) == 2
    assert not Path(f"/proc/{pid}").exists()


def test_a_child_that_died_while_it_was_idle_is_replaced(pool: ReaderPool) -> None:
    take(pool, watch())
    (pid,) = pool.list_pids()
    os.kill(pid, 9)
    wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")

    assert take(pool, watch())[0].rows
    assert pool.list_pids() != [pid]


def test_several_monitors_are_read_at_once() -> None:
    with closing(ReaderPool(2)) as pool:
        held = pool.take_child("one")
        thread = threading.Thread(target=lambda: take(pool, watch(name="two")))
        thread.start()
        thread.join(30)

        assert len(pool.list_pids()) == 1
        pool.give_back(held)
        assert len(pool.list_pids()) == 2


def test_rows_are_counted_as_this_process_counts_them(pool: ReaderPool) -> None:
    monitor, windows = make_monitor(make_source(".v-"), limits=LIMITS), [day(1), day(2), day(3)]

    assert pool.count_rows(monitor, windows, "amount") == OwnReader().count_rows(monitor, windows, "amount")
    with pytest.raises(SourceError, match="monitor 'flights', late rows: the reader ended with the status 3"):
        pool.count_rows(watch("exit"), windows, "amount")


def write_csv(path: Path) -> None:
    pacsv.write_csv(make_table(), path)


def write_packed_parquet(path: Path) -> None:
    parquet.write_table(make_table(), path.with_suffix(".plain"))
    path.write_bytes(gzip.compress(path.with_suffix(".plain").read_bytes()))


def make_table() -> pa.Table:
    """Return the rows of the reference and three days, with their times."""
    days = [(number, draw_rows(number)) for number in (*BLOCKS, 1, 2, 3)]
    stamped = [
        rows.append_column("t", pa.array([day(number).start] * rows.num_rows, pa.timestamp("s", "UTC")))
        for number, rows in days
    ]
    return pa.concat_tables(stamped)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("rows.csv", write_csv),
        ("rows.parquet", lambda path: parquet.write_table(make_table(), path)),
        ("rows.parquet.gz", write_packed_parquet),
    ],
)
def test_files_are_read_as_this_process_reads_them(
    pool: ReaderPool, tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)

    check_same(pool, FilesSource(path=str(tmp_path / name)))


def test_tables_are_read_as_this_process_reads_them(pool: ReaderPool, warehouse: Warehouse) -> None:
    columns = {"t": sa.DateTime(), "amount": sa.Float(53), "city": sa.String(20)}
    rows = make_table().to_pylist()
    warehouse.create("rides", columns, [row | {"t": row["t"].replace(tzinfo=None)} for row in rows])
    if warehouse.kind == "sqlite":
        warehouse.run("PRAGMA journal_mode=WAL")

    check_same(pool, SqlSource(url=Secret.of_text(warehouse.url), table="rides"))


def check_same(pool: ReaderPool, source: Source) -> None:
    options = ColumnOptions(time=TimeColumn(columns=("t",)))
    monitor = replace(make_monitor(make_source()), source=source, columns=options, limits=LIMITS)
    windows = [day(number) for number in (1, 2, 3, 4)]

    here, there = (list(read_all(reader, monitor, windows)) for reader in (OwnReader(), pool))

    assert here == there
    assert [found[0] for found in here[1:] if isinstance(found, tuple)] == [300, 300, 300, 0]


PARENT = """
import sys, threading, time
from tests.jobs.test_reader_pool import ReaderPool, take, watch

pool = ReaderPool(1)
take(pool, watch())
print(*pool.list_pids(), flush=True)
if sys.argv[1] != "idle":
    threading.Thread(target=take, args=(pool, watch(sys.argv[1])), daemon=True).start()
    while pool.list_pids():
        time.sleep(0.01)
print("busy", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("way", ["idle", "sleep", "spin in c", "hold the interpreter"])
def test_a_parent_that_is_killed_leaves_no_child_behind(way: str) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", PARENT, way], stdout=subprocess.PIPE, cwd=root) as parent:
        try:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert parent.stdout.readline() == b"busy\n"
            assert Path(f"/proc/{pid}").exists()
        finally:
            parent.kill()

    wait_until(lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_child_outlives_what_asks_its_parent_to_stop(pool: ReaderPool, number: signal.Signals) -> None:
    take(pool, watch())
    (pid,) = pool.list_pids()

    os.kill(pid, number)

    assert take(pool, watch())[0].rows
    assert pool.list_pids() == [pid]
    assert os.getpgid(pid) == pid


def test_a_child_that_is_killed_at_any_moment_costs_one_window_at_most(pool: ReaderPool) -> None:
    for pause in (0.0, 0.002, 0.005):
        take(pool, watch())
        (pid,) = pool.list_pids()
        killer = threading.Timer(pause, os.kill, (pid, signal.SIGKILL))
        killer.start()
        found = tell(pool, watch(), [day(1)])
        killer.join()

        assert found == ["read"] or "signal 9" in found[0]
        assert take(pool, watch())[0].rows


def test_a_source_that_the_child_cannot_import_costs_its_window_alone(
    pool: ReaderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(pool, watch())
    pids = pool.list_pids()
    module = types.ModuleType("known_here_alone")
    own = type("OwnSource", (), {"__module__": module.__name__})
    monkeypatch.setattr(module, "OwnSource", own, raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)

    assert "(ModuleNotFoundError)" in find_cause(pool, replace(watch(), source=own()))
    assert take(pool, watch())[0].rows
    assert pool.list_pids() == pids
