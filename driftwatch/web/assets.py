"""The files that pages are drawn with: each at an address that changes with what is in it.

A browser may then keep them for good, and a new version is never drawn with the files of an old one.
"""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["FOR_GOOD", "STATIC", "Assets", "link_asset"]

STATIC: Final = Path(__file__).parent / "static"
FOR_GOOD: Final = "public, max-age=31536000, immutable"
"""How long a browser may keep what is at an address that changes with it."""


@cache
def link_asset(name: str) -> str:
    """Return the address of a file in `static/`, below the root of the site.

    >>> link_asset("style.css").startswith("/static/style.css?v=")
    True
    """
    return f"/static/{name}?v={_digest(STATIC / name)}"


@cache
def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()[:16]


class Assets(StaticFiles):
    """Serves `static/`; what is asked for by the address of `link_asset` may be kept for good."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return the file, and for how long it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [])
        response.headers["cache-control"] = FOR_GOOD if asked == [_digest(Path(full_path))] else "no-cache"
        return response
