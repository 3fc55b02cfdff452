"""What stands around every page, and how moments, durations and numbers are written in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from driftwatch.incidents.stamps import write_stamp
from driftwatch.incidents.words import say_duration, say_moment, say_number, say_percent, say_window
from driftwatch.web.assets import link_asset
from driftwatch.web.column_links import link_column
from driftwatch.web.drawing import embed_chart, embed_looks, link_bundle
from driftwatch.web.forms import keep_token
from driftwatch.web.paging import link_page
from driftwatch.web.windows import SHAPES

__all__ = ["Frame", "render", "render_text"]

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page shows beside its own content.

    `waiting` counts the incidents that somebody should take up. `now` is when the page was built.
    """

    title: str
    section: str
    now: datetime
    waiting: int = 0


def render(
    request: Request, template: str, frame: Frame, values: Mapping[str, Any], *, status: int = 200
) -> HTMLResponse:
    """Return the page that `template` makes of `values`."""
    text = _ENVIRONMENT.get_template(template).render(
        frame=frame,
        root=request.scope.get("root_path", ""),
        # What was sent and refused is shown where something else stands when it is asked for.
        is_live=request.method == "GET" and status == 200,
        asking=getattr(request.state, "caller", None),
        **values,
    )
    response = HTMLResponse(text, status_code=status)
    keep_token(request, response)
    return response


def render_text(template: str, values: Mapping[str, Any]) -> str:
    """Return the text that `template` makes of `values`, for what is no page of the site."""
    return _ENVIRONMENT.get_template(template).render(**values)


def _show_moment(moment: datetime | None, now: datetime) -> str:
    """Return a moment as so long ago, or so long from now, with its date for whoever asks."""
    if moment is None:
        return "never"
    apart = now - moment
    said = say_duration(abs(apart))
    if abs(apart) < timedelta(seconds=1):
        return _tag_moment(moment, "just now")
    return _tag_moment(moment, f"{said} ago" if apart > timedelta(0) else f"in {said}")


def _show_stamp(moment: datetime | None) -> str:
    """Return a moment with its date; the reader may have it written in another time zone."""
    if moment is None:
        return "never"
    return Markup('<time datetime="{}" data-stamp>{}</time>').format(write_stamp(moment), say_moment(moment))


def _tag_moment(moment: datetime, words: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        write_stamp(moment), say_moment(moment), words
    )


def _show_link(text: str) -> Markup:
    """Return an address as a link, and anything else as text: a script could be an address too."""
    if not text.startswith(("https://", "http://")):
        return Markup("{}").format(text)
    return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(text)


def _show_code(text: str) -> Markup:
    """Return a text whose parts between backticks are shown as code."""
    code = Markup("<code>{}</code>")
    parts = enumerate(text.split("`"))
    return Markup("").join(code.format(part) if place % 2 else escape(part) for place, part in parts)


def _build_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ago": _show_moment,
        "stamp": _show_stamp,
        "duration": say_duration,
        "number": say_number,
        "percent": say_percent,
        "code": _show_code,
        "window": say_window,
        "link": _show_link,
    }
    environment.globals |= {
        "shapes": SHAPES,
        "link_asset": link_asset,
        "link_page": link_page,
        "link_column": link_column,
        "link_bundle": link_bundle,
        "embed_chart": embed_chart,
        "embed_looks": embed_looks,
    }
    return environment


_ENVIRONMENT: Final = _build_environment()
