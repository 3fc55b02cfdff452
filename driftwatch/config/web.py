"""Where the pages are served, and under which address people reach them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from driftwatch.config.mistakes import Note
from driftwatch.config.sections import setting

__all__ = ["DEFAULT_LISTEN", "Listen", "WebSettings", "build_listen", "build_public_url", "check_web"]

DEFAULT_LISTEN: Final = "127.0.0.1:8377"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """An address and a port to listen at."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

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
        if not listen.is_loopback:
            note(
                ("web", "listen"),
                f"{listen} can be reached from other machines, and pages know no users yet; listen at "
                f"127.0.0.1:{listen.port} and let a reverse proxy on this machine ask who it is",
            )
    try:
        build_public_url(web)
    except ValueError as error:
        note(("web", "public_url"), str(error))


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
