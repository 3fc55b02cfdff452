from __future__ import annotations

import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from driftwatch.errors import DriftwatchError, SourceError, StoreError
from driftwatch.net.database_address import describe_address, describe_failure, parse_address
from driftwatch.net.engines import open_engine, share_engine
from tests.support.databases import create_url, drop_url

CANARY = "kanarie7Zx"


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = create_url(request.param, tmp_path)
    yield url
    drop_url(url)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "rows.db")) as connection:
        connection.execute("CREATE TABLE rows (n INTEGER)")
        connection.execute("INSERT INTO rows VALUES (7)")
        connection.commit()
    return f"sqlite:///{tmp_path}/rows.db"


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connect(url: str, **options: object) -> object:
    engine = open_engine(url, **options)  # type: ignore[arg-type]  # The tests name the options.
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text("SELECT 1")).scalar()
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg2"),
        ("mysql://u@h/d", "mysql+pymysql"),
        ("mariadb://u@h/d", "mysql+pymysql"),
        ("mariadb+pymysql://u@h/d", "mysql+pymysql"),
        ("sqlite:///d.db", "sqlite+pysqlite"),
    ],
)
def test_a_bare_address_gets_the_driver_that_is_installed(written: str, driver: str) -> None:
    assert parse_address(written, purpose="source").drivername == driver


def test_a_relative_sqlite_path_is_made_absolute() -> None:
    address = parse_address("sqlite:///data/d.db", purpose="store")

    assert address.database == str(Path("data/d.db").absolute())


@pytest.mark.parametrize("purpose", ["store", "source"])
@pytest.mark.parametrize(
    ("package", "url", "extra"),
    [("psycopg", "postgresql://u@h/d", "postgres"), ("pymysql", "mysql://u@h/d", "mysql")],
)
def test_a_missing_driver_names_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, package: str, url: str, extra: str, purpose: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    wanted = StoreError if purpose == "store" else SourceError

    with pytest.raises(wanted, match=rf'pip install "driftwatch\[{extra}\]"'):
        open_engine(url, purpose=purpose)  # type: ignore[arg-type]  # One of the two.


def test_an_unknown_kind_of_database_is_named() -> None:
    with pytest.raises(SourceError, match="no installed package knows databases of the kind oracle9"):
        open_engine("oracle9://u@h/d", purpose="source")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"not an address {CANARY}", "write it like"),
        (f"postgresql://u:{CANARY}@h:port/d", "write it like"),
        (f"postgresql://u:x@{CANARY}@h/d", "write an @ in a password as %40"),
        (f"mysql://u:{CANARY}@h", "names no database"),
        (f"oracle://u:{CANARY}@h/d", "use sqlite://, postgresql:// or mysql://"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        (f"sqlite:///x.db?key={CANARY}", "takes no settings"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(url: str, words: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_engine(url, purpose="store")

    assert words in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_description_has_the_place_and_no_secret() -> None:
    address = make_url(f"postgresql+psycopg://ann:{CANARY}@db:5433/features?sslpassword={CANARY}")

    assert describe_address(address) == "PostgreSQL database features at db:5433"


def test_secrets_that_a_driver_repeats_are_struck_out() -> None:
    address = make_url(f"mysql+pymysql://ann:{CANARY}%2F@db/features?ssl_key_password=geheim9")
    error = RuntimeError(f"bad {CANARY}/ and {CANARY}%2F and geheim9\nin line 2")

    assert describe_failure(error, address) == "bad *** and *** and *** in line 2"


@pytest.mark.parametrize(("purpose", "wanted"), [("store", StoreError), ("source", SourceError)])
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_an_unreachable_server_is_named_without_its_password(
    kind: str, purpose: str, wanted: type[DriftwatchError]
) -> None:
    port = _find_free_port()
    url = f"{kind}://ann:{CANARY}@127.0.0.1:{port}/features"

    with pytest.raises(wanted) as caught:
        _connect(url, purpose=purpose)

    message = str(caught.value)
    assert f"database features at 127.0.0.1:{port} cannot be opened" in message
    assert CANARY not in message
    assert CANARY not in repr(caught.value.__cause__)
    assert getattr(caught.value, "again", True) is True


def test_a_wrong_password_is_not_worth_another_try_and_is_not_shown(server_url: str) -> None:
    user = "nobody_here"
    url = make_url(server_url).set(username=user, password=CANARY).render_as_string(hide_password=False)

    with pytest.raises(SourceError, match=user) as caught:
        _connect(url, purpose="source")

    assert CANARY not in str(caught.value)
    assert caught.value.again is False


def test_a_database_that_is_not_there_is_named(server_url: str) -> None:
    url = make_url(server_url).set(database="driftwatch_nowhere").render_as_string(hide_password=False)

    with pytest.raises(SourceError, match="driftwatch_nowhere") as caught:
        _connect(url, purpose="source")

    assert caught.value.again is False


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        url = f"postgresql://ann@127.0.0.1:{deaf.getsockname()[1]}/features?connect_timeout=2"

        with pytest.raises(SourceError, match="cannot be opened") as caught:
            _connect(url, purpose="source")

    assert caught.value.again is True


def test_the_repr_of_an_engine_hides_the_password() -> None:
    engine = open_engine(f"postgresql://ann:{CANARY}@h/d", purpose="store")

    assert CANARY not in repr(engine)


def test_errors_of_statements_hide_their_parameters(file_url: str) -> None:
    engine = open_engine(file_url, purpose="source")

    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError) as caught:
        connection.execute(sa.text("SELECT nothing FROM rows WHERE n = :n"), {"n": CANARY})
    engine.dispose()

    assert CANARY not in str(caught.value)


def test_a_missing_source_file_is_an_error_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"rows\.db: there is no such file"):
        open_engine(f"sqlite:///{tmp_path}/rows.db", purpose="source")

    assert list(tmp_path.iterdir()) == []


def test_a_directory_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="this is a directory"):
        open_engine(f"sqlite:///{tmp_path}", purpose="source")


def test_a_store_in_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be created: No such file or directory"):
        open_engine(f"sqlite:///{tmp_path}/nowhere/store.db", purpose="store")


def test_a_source_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "rows.db").write_text("bread, milk, eggs\n" * 100)

    with pytest.raises(SourceError, match="file is not a database"):
        _connect(f"sqlite:///{tmp_path}/rows.db", purpose="source", read_only=True)


def test_odd_characters_in_a_path_are_part_of_the_path(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c %20 é.db"

    _connect(make_url("sqlite://").set(database=str(path)).render_as_string(), purpose="store")

    assert [found.name for found in tmp_path.glob("*.db")] == [path.name]


def test_a_sqlite_store_has_the_settings_that_keep_it_safe(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/store.db", purpose="store")

    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "trusted_schema")
        }
    engine.dispose()

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 10_000,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }


def test_a_writing_transaction_holds_the_lock_from_its_beginning(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/store.db", purpose="store")

    with (
        engine.begin(),
        closing(sqlite3.connect(tmp_path / "store.db", timeout=0)) as rival,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        rival.execute("BEGIN IMMEDIATE")
    engine.dispose()


@pytest.mark.parametrize("purpose", ["store", "source"])
def test_a_read_only_engine_cannot_write_to_sqlite(file_url: str, purpose: str) -> None:
    engine = open_engine(file_url, purpose=purpose, read_only=True)  # type: ignore[arg-type]  # One of the two.

    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT n FROM rows")).scalar() == 7
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            connection.execute(sa.text("INSERT INTO rows VALUES (8)"))
    engine.dispose()


def test_reading_a_source_leaves_its_file_as_it_is(file_url: str, tmp_path: Path) -> None:
    before = (tmp_path / "rows.db").read_bytes()

    _connect(file_url, purpose="source", read_only=True)

    assert (tmp_path / "rows.db").read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["rows.db"]


def test_a_read_only_engine_cannot_write_to_a_server(server_url: str) -> None:
    engine = open_engine(server_url, purpose="source", read_only=True)

    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.only"):
        connection.execute(sa.text("CREATE TABLE counted (n INTEGER)"))
    engine.dispose()


def test_servers_read_what_is_committed(server_url: str) -> None:
    engine = open_engine(server_url, purpose="store")
    is_postgres = engine.dialect.name == "postgresql"
    question = "SHOW transaction_isolation" if is_postgres else "SELECT @@tx_isolation"

    with engine.connect() as connection:
        answer = str(connection.exec_driver_sql(question).scalar())
    engine.dispose()

    assert answer.replace("-", " ").upper() == "READ COMMITTED"


def test_servers_refuse_a_text_that_is_too_long(server_url: str) -> None:
    engine = open_engine(server_url, purpose="store")

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE rows_here (name VARCHAR(3))")
        with pytest.raises(sa.exc.DataError):
            connection.exec_driver_sql("INSERT INTO rows_here VALUES ('four')")
    engine.dispose()


def test_an_engine_is_shared_by_all_who_read_from_one_address(file_url: str, tmp_path: Path) -> None:
    first = share_engine(file_url, purpose="source")
    with first.connect() as connection:
        assert connection.execute(sa.text("SELECT n FROM rows")).scalar() == 7

    assert share_engine(file_url, purpose="source") is first
    with closing(sqlite3.connect(tmp_path / "rows.db")) as connection:
        connection.execute("UPDATE rows SET n = 8")
        connection.commit()
    with first.connect() as connection:
        assert connection.execute(sa.text("SELECT n FROM rows")).scalar() == 8


def test_a_shared_engine_notices_that_its_file_is_gone(file_url: str, tmp_path: Path) -> None:
    share_engine(file_url, purpose="source")
    (tmp_path / "rows.db").unlink()

    with pytest.raises(SourceError, match="there is no such file"):
        share_engine(file_url, purpose="source")
