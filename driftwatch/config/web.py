"""Where the pages are served, and under which address people reach them."""

# ruff: noqa: RUF009 - setting() is dataclasses.field with words for editors.

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urlsplit

from driftwatch.config.access import NO_AUTH, AuthSettings
from driftwatch.config.access_checks import check_auth
from driftwatch.config.mistakes import Note
from driftwatch.config.sections import setting
from driftwatch.net.addresses import is_loopback

__all__ = [
    "DEFAULT_LISTEN",
    "DEFAULT_RATE",
    "Listen",
    "WebSettings",
    "build_listen",
    "build_public_url",
    "check_web",
    "open_to_everybody",
]

DEFAULT_LISTEN: Final = "127.0.0.1:8377"
DEFAULT_RATE: Final = 20.0
_LISTEN: Final = re.compile(
    r"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})", re.ASCII
)
_GREATEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The pages for people on call."""

    listen: str = setting("the address and the port that pages are served at", DEFAULT_LISTEN)
    public_url: str | None = setting(
        "the address under which people reach the pages, for the links in messages; none without it"
    )
    auth: AuthSettings | Literal["none"] = setting(
        "who may use the pages; none, which pages for this machine alone may do, asks nobody", NO_AUTH
    )
    requests_per_second: float = setting(
        "how often one address, and one user or token, may ask; ten times as often for a moment", DEFAULT_RATE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """An address and a port to listen at."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def check_web(web: WebSettings | None, note: Note) -> None:
    """Record what cannot be used of the settings of the pages."""
    if web is None:
        return
    try:
        listen = build_listen(web)
    except ValueError as error:
        note(("web", "listen"), str(error))
    else:
        if web.auth == NO_AUTH and not listen.is_loopback:
            note(
                ("web", "listen"),
                f"{listen} can be reached from other machines, and nobody is asked who they are: write "
                "`auth: {passwords: true}` beside it and add people with driftwatch user add, or listen at "
                f"127.0.0.1:{listen.port}; --insecure-no-auth lets everybody do everything",
            )
    try:
        build_public_url(web)
    except ValueError as error:
        note(("web", "public_url"), str(error))
    if not 0 < web.requests_per_second < math.inf:
        note(("web", "requests_per_second"), f"wants more than 0, not {web.requests_per_second:g}")
    check_auth(web.auth, web.public_url, note)


def open_to_everybody(web: WebSettings | None) -> WebSettings:
    """Return the settings of pages that ask nobody, where they did not say whom to ask."""
    web = web or WebSettings()
    return replace(web, auth=AuthSettings(insecure_no_auth=True)) if web.auth == NO_AUTH else web


def build_listen(web: WebSettings | None) -> Listen:
    """Return where pages are served. Raises ValueError where the setting is no address with a port."""
    text = DEFAULT_LISTEN if web is None else web.listen
    found = _LISTEN.fullmatch(text)
    if found is None or int(found["port"]) > _GREATEST_PORT:
        raise ValueError(f"wants an address and a port such as {DEFAULT_LISTEN} or [::1]:8377, not {text!r}")
    return Listen(host=found["six"] or found["host"], port=int(found["port"]))


def build_public_url(web: WebSettings | None) -> str | None:
    """Return the address that links begin with, without a slash at its end; None where there is none.

    Raises ValueError where it is no address that a browser could open.
    """
    text = None if web is None else web.public_url
    if text is None:
        return None
    parts = urlsplit(text)
    is_plain = not parts.query and not parts.fragment and parts.username is None and parts.password is None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        raise ValueError("wants an address such as https://drift.example.com, without a user or a query")
    return text.rstrip("/")
