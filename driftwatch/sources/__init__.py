"""Rows from the world: files, SQL, HTTP.

A source is one frozen dataclass: its fields are its settings, and `read` gives the rows of windows. What is
heavy to import is imported when a source is read.
"""

from __future__ import annotations

from driftwatch.net.catalogue import Catalogue
from driftwatch.sources.contract import Request, Sample, Source
from driftwatch.sources.files import FilesSource
from driftwatch.sources.http import HttpAuth, HttpSource
from driftwatch.sources.sql import SqlSource

__all__ = ["SOURCES", "FilesSource", "HttpAuth", "HttpSource", "Request", "Sample", "Source", "SqlSource"]

SOURCES: Catalogue[type[Source]] = Catalogue(
    "driftwatch.sources", "read", {"files": FilesSource, "sql": SqlSource, "http": HttpSource}
)
