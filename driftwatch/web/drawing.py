"""How pictures reach a browser: their specifications as data in the page, and the program that draws them.

The program is made of what the vl-convert wheel carries: no other address is asked for it. It is made when it
is first asked for, and kept.
"""

from __future__ import annotations

import gzip
import json
import math
import threading
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from driftwatch.charts.look import build_look
from driftwatch.charts.values import Chart
from driftwatch.errors import PictureError
from driftwatch.jobs.pictures import build_bundle, name_bundle
from driftwatch.web.access import Scope, need
from driftwatch.web.assets import FOR_GOOD

__all__ = ["embed_chart", "embed_looks", "link_bundle", "load_bundle", "router", "write_data"]

router = APIRouter()

_MAKING: Final = threading.Lock()

# What could end the block of data, or begin another one, in the eyes of a browser.
_ESCAPES: Final = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})
_DIGITS: Final = 6


@router.get("/vega-{name}.js", dependencies=[need(Scope.READ)])
def send_bundle(
    name: Annotated[str, Path(pattern="^[0-9a-f]{16}$")],
    accept_encoding: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """Send the program that draws; its address says which one it is, so that it may be kept for good."""
    if name != name_bundle():
        raise HTTPException(404)
    packed = load_bundle()
    headers = {"Cache-Control": FOR_GOOD, "Vary": "Accept-Encoding"}
    if "gzip" in accept_encoding:
        return Response(packed, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type="text/javascript", headers=headers)


def load_bundle() -> bytes:
    """Return the program that draws, packed by gzip; making it, the first time, takes seconds."""
    with _MAKING:
        try:
            return _pack_bundle()
        except PictureError as error:
            said = f"What draws the pictures could not be made: {error}. Their numbers are there without it."
            raise HTTPException(503, said) from None


@cache
def _pack_bundle() -> bytes:
    return gzip.compress(build_bundle(), 9, mtime=0)


def link_bundle() -> str:
    """Return the address of the program that draws, below the root of the site."""
    return f"/vega-{name_bundle()}.js"


def embed_chart(chart: Chart) -> Markup:
    """Return the specification of a picture as data for a page, without its title, which the page has."""
    return write_data({name: part for name, part in chart.spec.items() if name != "title"})


@cache
def embed_looks() -> Markup:
    """Return how pictures look on both grounds as data for a page."""
    return write_data({"light": build_look("light"), "dark": build_look("dark")})


def write_data(value: Any) -> Markup:
    r"""Return a value as JSON that may stand in a page between the tags of a script.

    >>> print(write_data({"name": "</script><!--", "share": 0.123456789}))
    {"name":"\u003c/script\u003e\u003c!--","share":0.123457}
    """
    text = json.dumps(_shorten(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Half a surrogate pair cannot be sent.
    return Markup(text.translate(_ESCAPES).encode("utf-8", "replace").decode())  # noqa: S704 - escaped above.


def _shorten(value: Any) -> Any:
    """Return a value whose numbers have no more digits than can be seen."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _shorten(part) for name, part in value.items()}
    return [_shorten(part) for part in value] if isinstance(value, list | tuple) else value
