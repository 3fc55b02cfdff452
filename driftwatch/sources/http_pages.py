"""The pages of one window's answer, each kept in a temporary file and read as any other file."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

import numpy as np
import pyarrow as pa

from driftwatch.errors import DataError, SourceError
from driftwatch.net.http import HttpError, HttpErrorKind, HttpRequest, HttpStream, open_stream
from driftwatch.net.secrets import Secret
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request, name_asker
from driftwatch.sources.datafile import DataFile, Format
from driftwatch.sources.formats import open_file
from driftwatch.sources.http import HttpSource
from driftwatch.sources.placing import OUTSIDE, WindowEdges
from driftwatch.sources.splitting import read_event_times

__all__ = ["fill_url", "find_next_page", "look_at_yesterday", "read_window"]

SAMPLE_ROWS: Final = 1000
_AGAIN: Final = frozenset({408, 425, 429})
_FORMATS: Final[dict[str, Format]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
}
_STAND_IN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LINK: Final = re.compile(r'<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:"[^"]*"|[^",;]*))?)*)')


def read_window(source: HttpSource, window: Window, request: Request) -> Iterator[tuple[Window, pa.Table]]:
    """Yield (window, rows) of all pages. Raises SourceError and DataError, which name monitor and window."""
    given, empty = False, pa.table({})
    with _name_errors(name_asker(request.monitor, window)):
        _check_placeholders(source, request)
        for page in _read_pages(source, window):
            with page.name_origin():
                file = open_file(page.path, page.format)
                for table in file.read_tables(_choose_columns(request)):
                    rows = _keep_window(file, table, window, request)
                    empty = rows.slice(0, 0)
                    if rows.num_rows:
                        given = True
                        yield window, rows
    if not given:
        yield window, empty


def look_at_yesterday(source: HttpSource, _options: ColumnOptions, monitor: str) -> pa.Table:
    """Return some rows of the day before today, UTC."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    window = Window(start=today - timedelta(days=1), end=today)
    rows = pa.table({})
    with _name_errors(name_asker(monitor, window)):
        for page in _read_pages(source, window):
            with page.name_origin():
                for rows in open_file(page.path, page.format).read_tables():
                    if rows.num_rows:
                        return rows.slice(0, SAMPLE_ROWS)
    return rows


def fill_url(source: HttpSource, window: Window | None) -> str:
    """Return the address of the first page for `window`; with None, one of the same form."""
    start, end = (_STAND_IN, _STAND_IN) if window is None else (window.start, window.end)
    stamps = {"{window_start}": _show(start), "{window_end}": _show(end)}

    def fill(text: str, stamps: dict[str, str]) -> str:
        for word, stamp in stamps.items():
            text = text.replace(word, stamp)
        return text

    url = fill(_reveal(source.url), {word: quote(stamp, safe="") for word, stamp in stamps.items()})
    params = {name: fill(_reveal(value), stamps) for name, value in source.params.items()}
    if not params:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(params)}"


def _show(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _reveal(text: Secret | str) -> str:
    return text if isinstance(text, str) else text.reveal()


def _check_placeholders(source: HttpSource, request: Request) -> None:
    texts = [_reveal(source.url), *(_reveal(value) for value in source.params.values())]
    filled = any("{window_start}" in text or "{window_end}" in text for text in texts)
    if not filled and request.options.time is None and len(request.windows) > 1:
        raise DataError(
            "every window would be given the same rows: use {window_start} and {window_end} in source.url or "
            "source.params, or set source.time_column"
        )


def _choose_columns(request: Request) -> tuple[str, ...] | None:
    times = () if request.options.time is None else request.options.time.columns
    return None if request.columns is None else (*request.columns, *times)


def _keep_window(file: DataFile, table: pa.Table, window: Window, request: Request) -> pa.Table:
    if request.options.time is None:
        return table
    inside = WindowEdges([window]).place(read_event_times(file, table, request)) != OUTSIDE
    return table if inside.all() else table.take(np.flatnonzero(inside))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """One page, in the file `path` until the next page is asked for."""

    path: str
    origin: str
    format: Format

    @contextmanager
    def name_origin(self) -> Iterator[None]:
        """Name the server in errors about the page, not the temporary file that it is kept in."""
        words = (f"file {self.path}", f"answer of {self.origin}")
        try:
            yield
        except SourceError as error:
            raise SourceError(str(error).replace(*words), again=error.again) from None
        except DataError as error:
            raise DataError(str(error).replace(*words)) from None


def _read_pages(source: HttpSource, window: Window) -> Iterator[_Page]:
    url: str | None = fill_url(source, window)
    ends_at = time.monotonic() + source.deadline.total_seconds()
    left, seen = source.at_most_bytes, set[str]()
    while url is not None:
        seen.add(url)
        with tempfile.NamedTemporaryFile(prefix="driftwatch-", buffering=0) as page:
            status, headers, size = _fetch(source, url, page, ends_at, left)
            left -= size
            if status != 204:
                kind = _choose_format(source.format, headers)
                yield _Page(path=page.name, origin=_name_origin(url), format=kind)
            url = find_next_page(url, headers.get("link", ""))
        if url in seen:
            raise SourceError(f"{_name_origin(url)} names a page as the next that was read before")


def _choose_format(wanted: Format, headers: dict[str, str]) -> Format:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return _FORMATS.get(kind, "auto") if wanted == "auto" else wanted


def _fetch(
    source: HttpSource, url: str, page: IO[bytes], ends_at: float, left: int
) -> tuple[int, dict[str, str], int]:
    status, headers, size = _fetch_once(source, url, page, ends_at, left)
    refreshed = status in (401, 403) and source.auth is not None and source.auth.refresh()
    if refreshed:
        status, headers, size = _fetch_once(source, url, page, ends_at, left)
    if status not in {200, 204}:
        raise _explain_status(status, _name_origin(url))
    return status, headers, size


def _fetch_once(
    source: HttpSource, url: str, page: IO[bytes], ends_at: float, left: int
) -> tuple[int, dict[str, str], int]:
    deadline = timedelta(seconds=max(ends_at - time.monotonic(), 0.001))
    headers = {"Accept": "*/*", **({} if source.auth is None else source.auth.build_headers())}
    request = HttpRequest(
        method="GET", url=url, headers=headers, deadline=deadline, at_most_bytes=max(left, 0)
    )
    try:
        with open_stream(request) as answer:
            size = _write(answer, page) if answer.status == 200 else 0
            return answer.status, dict(answer.headers), size
    except HttpError as error:
        raise _explain_failure(source, error) from None


def _write(answer: HttpStream, page: IO[bytes]) -> int:
    size = 0
    for chunk in answer.chunks:
        page.write(chunk)
        size += len(chunk)
    return size


def _explain_failure(source: HttpSource, error: HttpError) -> SourceError:
    if error.kind is HttpErrorKind.TOO_LARGE:
        return SourceError(
            f"{error.origin}: the answer for the window is larger than {source.at_most_bytes} bytes; raise "
            "source.at_most_bytes or make the window shorter"
        )
    if error.kind is HttpErrorKind.TIMEOUT:
        return SourceError(
            f"{error.origin}: no complete answer for the window within "
            f"{source.deadline.total_seconds():g} s; raise source.deadline or make the window shorter",
            again=True,
        )
    return SourceError(f"{error}; check source.url and that the server runs", again=error.again)


def _explain_status(status: int, origin: str) -> SourceError:
    again = status in _AGAIN or status >= 500
    advice = "check source.url and source.params"
    if status in (401, 403):
        advice = "check source.auth"
    elif 300 <= status < 400:
        advice = "redirects are not followed: set source.url to where it leads"
    elif status == 404:
        advice = "check the path in source.url"
    elif again:
        advice = "it will be tried again"
    return SourceError(f"{origin} answered with status {status}; {advice}", again=again)


def find_next_page(url: str, link: str) -> str | None:
    """Return the address of the next page that a `Link` header names, None when there is none.

    Raises SourceError when it is on another server, which must not be sent our credentials.

    >>> find_next_page("https://a.example/rows?page=1", '<?page=2>; rel="next"')
    'https://a.example/rows?page=2'

    References
    ----------
    https://www.rfc-editor.org/rfc/rfc8288
    """
    for target, parameters in _LINK.findall(link):
        found = re.search(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', parameters, re.IGNORECASE)
        if found is None or "next" not in (found[1] or found[2] or "").lower().split():
            continue
        following: str = urljoin(url, str(target))
        if _name_origin(following) != _name_origin(url):
            raise SourceError(
                f"{_name_origin(url)} names a next page on {_name_origin(following)}; pages must stay on one "
                "server"
            )
        return following
    return None


def _name_origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


@contextmanager
def _name_errors(asker: str) -> Iterator[None]:
    try:
        yield
    except SourceError as error:
        raise SourceError(f"{asker}: {error}", again=error.again) from None
    except DataError as error:
        raise DataError(f"{asker}: {error}") from None
