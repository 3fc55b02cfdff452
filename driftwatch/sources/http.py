"""Rows over HTTP: one request for each window, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import pyarrow as pa

from driftwatch.errors import ConfigError
from driftwatch.net.secrets import Secret
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request, Sample
from driftwatch.sources.datafile import Format

__all__ = ["HttpAuth", "HttpSource"]

_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAuth:
    """What proves to the server who asks: a bearer token, or a header of its own choice.

    Raises ConfigError when it is neither, or both.
    """

    bearer: Secret | None = field(
        default=None, metadata={"text": "a token, sent as Authorization: Bearer …"}, repr=False
    )
    header: str | None = field(default=None, metadata={"text": "the name of a header, such as X-Api-Key"})
    value: Secret | None = field(default=None, metadata={"text": "the value of that header"}, repr=False)

    def __post_init__(self) -> None:
        if (self.bearer is None) == (self.header is None):
            raise ConfigError("bearer or header: give one of them")
        if (self.header is None) != (self.value is None):
            raise ConfigError("header and value belong together: give both")

    def build_headers(self) -> dict[str, str]:
        """Return the header to send."""
        if self.bearer is not None:
            return {"Authorization": f"Bearer {self.bearer.reveal()}"}
        return {str(self.header): "" if self.value is None else self.value.reveal()}

    def refresh(self) -> bool:
        """Read secrets' files again; return whether one holds another text now."""
        changed = [secret.refresh() for secret in (self.bearer, self.value) if secret is not None]
        return any(changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSource:
    """Rows that a server gives for a window.

    `{window_start}` and `{window_end}` in `url` and `params` become times such as 2013-02-08T00:00:00Z. Pages
    are followed by the header `Link: <…>; rel="next"`, on the same server only; redirects are not followed.
    `deadline` and `at_most_bytes` hold for all pages of a window together. Raises ConfigError and ValueError
    when settings cannot be used.
    """

    url: Secret | str = field(repr=False, metadata={"text": "where rows are asked for"})
    params: Mapping[str, Secret | str] = field(
        default_factory=dict,
        repr=False,
        metadata={"text": "what is asked for, such as {from: '{window_start}', to: '{window_end}'}"},
    )
    format: Format = field(
        default="auto", metadata={"text": "csv, jsonl or parquet; auto goes by the answer"}
    )
    auth: HttpAuth | None = field(
        default=None, metadata={"text": "a bearer token, or a header with its value"}
    )
    deadline: timedelta = field(
        default=timedelta(minutes=2), metadata={"text": "how long the answer for one window may take"}
    )
    at_most_bytes: int = field(default=_GIB, metadata={"text": "how large the answer for one window may be"})

    def __post_init__(self) -> None:
        if self.deadline <= timedelta(0):
            raise ConfigError("deadline must be longer than nothing, such as 2m")
        if self.at_most_bytes < 1:
            raise ConfigError(f"at_most_bytes must be at least 1, not {self.at_most_bytes}")
        from driftwatch.net.http import check_url
        from driftwatch.sources.http_pages import fill_url

        check_url(fill_url(self, None))

    def read(self, request: Request) -> Iterator[tuple[Window, pa.Table]]:
        """Yield (window, rows); rows outside the window are dropped where there is a time column.

        Raises SourceError, which names host and status, when an answer does not come or is none, and
        DataError when its rows cannot be used.
        """
        from driftwatch.sources.http_pages import read_window

        for window in request.windows:
            yield from read_window(self, window, request)

    def look(self, options: ColumnOptions, monitor: str) -> Sample:
        """Return some rows of the day before today."""
        from driftwatch.sources.http_pages import look_at_yesterday

        return Sample(rows=look_at_yesterday(self, options, monitor))
