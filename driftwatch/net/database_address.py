"""Addresses of databases: read with the driver filled in, and described without account or password."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from driftwatch.errors import DriftwatchError, SourceError, StoreError

__all__ = ["Purpose", "build_error", "describe_address", "describe_failure", "parse_address"]

Purpose = Literal["store", "source"]

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "sqlite": "sqlite+pysqlite",
}
_STORE_DRIVERS = ("sqlite+pysqlite", "postgresql+psycopg", "mysql+pymysql")
_TITLES = {"postgresql": "PostgreSQL", "mysql": "MariaDB", "sqlite": "SQLite"}
_EXPECTED = (
    "cannot be read: write it like sqlite:///driftwatch.db, postgresql://user:password@host/database or "
    "mysql://user:password@host/database, with special characters of the password as %XX"
)


def parse_address(url: str, *, purpose: Purpose) -> URL:
    """Return `url` with its driver filled in; a SQLite path is made absolute.

    Raises StoreError or SourceError, by `purpose`; the message never repeats the address as it was written.

    >>> parse_address("postgresql://ann@db/features", purpose="source").drivername
    'postgresql+psycopg'
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # The parser's own words repeat the address, and with it the password.
        raise build_error(purpose, f"the {purpose}'s address {_EXPECTED}") from None
    address = address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))
    if "@" in (address.host or "") or _count_ats(url) > 1:
        raise build_error(
            purpose, f"the {purpose}'s address has more than one @: write an @ in a password as %40"
        )
    if purpose == "store":
        _check_store(address)
    return _find_file(address, purpose) if address.get_backend_name() == "sqlite" else address


def describe_address(address: URL) -> str:
    """Return the database's name and place for a message: no account, no password, no options.

    >>> describe_address(make_url("postgresql+psycopg://ann:secret@db:5433/features"))
    'PostgreSQL database features at db:5433'
    """
    backend = address.get_backend_name()
    title = _TITLES.get(backend, backend)
    if backend == "sqlite":
        return f"{title} file {address.database}"
    host = address.host or "localhost"
    port = f":{address.port}" if address.port else ""
    return f"{title} database {address.database or '(none named)'} at {host}{port}"


def describe_failure(error: BaseException, address: URL) -> str:
    """Return what the driver said, in one line of at most 300 characters and without secrets."""
    original = getattr(error, "orig", None) or error
    words = original.args[1] if len(original.args) > 1 else original
    line = " ".join(str(words).split()) or type(original).__name__
    for secret in _list_secrets(address):
        line = line.replace(secret, "***")
    return line[:300].rstrip(".")


def build_error(purpose: Purpose, message: str, *, again: bool = False) -> DriftwatchError:
    """Return the error for a database of this purpose; `again` says whether a second try may help."""
    return StoreError(message) if purpose == "store" else SourceError(message, again=again)


def _count_ats(url: str) -> int:
    rest = url.partition("://")[2]
    return rest.partition("?")[0].count("@") if not url.startswith("sqlite") else 0


def _list_secrets(address: URL) -> list[str]:
    password = str(address.password or "")
    query = [
        value
        for name, values in address.query.items()
        if any(word in name.lower() for word in ("pass", "secret", "token"))
        for value in ([values] if isinstance(values, str) else values)
    ]
    plain = [secret for secret in (password, *query) if secret]
    return sorted({*plain, *(quote(secret, safe="") for secret in plain)}, key=len, reverse=True)


def _check_store(address: URL) -> None:
    if address.drivername not in _STORE_DRIVERS:
        raise StoreError(
            f"the store cannot be kept in {address.drivername}; use sqlite://, postgresql:// or mysql://"
        )
    if not address.database or address.database == ":memory:":
        raise StoreError(
            f"the store's address names no {'database' if address.host else 'file'}; "
            "write it like sqlite:///driftwatch.db or postgresql://user:password@host/database"
        )


def _find_file(address: URL, purpose: Purpose) -> URL:
    if address.query:
        raise build_error(purpose, f"the {purpose}'s address: a SQLite file takes no settings after ?")
    if not address.database or address.database == ":memory:":
        raise build_error(purpose, f"the {purpose}'s address names no file: write it like sqlite:///data.db")
    return address.set(database=str(Path(address.database).absolute()))
