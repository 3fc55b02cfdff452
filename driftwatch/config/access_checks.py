"""What does not fit together in the settings of who may use the pages."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Final, Literal
from urllib.parse import urlsplit

from driftwatch.config.access import AuthSettings, OidcSettings, ProxySettings, read_network
from driftwatch.config.mistakes import Note, Path
from driftwatch.config.reading import list_good
from driftwatch.errors import ConfigError
from driftwatch.net.addresses import is_loopback

__all__ = ["check_auth"]

_PATH: Final[Path] = ("web", "auth")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_SHORTEST_SECRET: Final = 16


def check_auth(auth: AuthSettings | Literal["none"], public_url: str | None, note: Note) -> None:
    """Record what cannot be used of the settings of who may use the pages."""
    if isinstance(auth, str):
        return
    if auth.insecure_no_auth and (auth.proxy or auth.oidc):
        note((*_PATH, "insecure_no_auth"), "stands beside a way to sign in; keep one of the two")
    for place, text in list_good(auth.trusted_proxies):
        _check_network(text, (*_PATH, "trusted_proxies", place), note)
    if auth.proxy is not None:
        _check_proxy(auth.proxy, note, has_networks=bool(auth.trusted_proxies))
    if auth.oidc is not None:
        _check_oidc(auth.oidc, public_url, note)


def _check_network(text: str, path: Path, note: Note) -> None:
    try:
        network = read_network(text)
    except ValueError as error:
        note(path, str(error))
        return
    if network.prefixlen == 0:
        note(path, f"{text} is every address: anybody could say that they are somebody else")


def _check_proxy(proxy: ProxySettings, note: Note, *, has_networks: bool) -> None:
    path: Path = (*_PATH, "proxy")
    if not has_networks:
        note(
            (*_PATH, "trusted_proxies"),
            "is missing: without the address of the proxy, anybody could send its headers",
        )
    for name in ("secret_header", "user_header", "groups_header"):
        header = getattr(proxy, name)
        if not _HEADER.fullmatch(header):
            note((*path, name), f"wants the name of a header such as X-Forwarded-User, not {header!r}")
    if proxy.secret is None:
        return
    try:
        is_short = len(proxy.secret.reveal()) < _SHORTEST_SECRET
    except ConfigError as error:
        note((*path, "secret"), str(error))
        return
    if is_short:
        note(
            (*path, "secret"),
            f"wants at least {_SHORTEST_SECRET} characters, such as openssl rand -hex 32 gives",
        )


def _check_oidc(oidc: OidcSettings, public_url: str | None, note: Note) -> None:
    path: Path = (*_PATH, "oidc")
    if oidc.issuer is not None and not _is_safe(oidc.issuer):
        note(
            (*path, "issuer"),
            "wants an address that begins with https://: whoever can change what it says is anybody",
        )
    if public_url is None:
        note(("web", "public_url"), "is missing: the provider sends people back to an address that it knows")
    if "openid" not in oidc.scopes:
        note((*path, "scopes"), "wants openid among them: without it the provider does not say who it is")
    if find_spec("authlib") is None:
        note(path, "needs a package that is not installed: pip install 'driftwatch[oidc]'")


def _is_safe(issuer: str) -> bool:
    try:
        parts = urlsplit(issuer)
        host = parts.hostname or ""
    except ValueError:
        return False
    is_plain = not parts.query and not parts.fragment and parts.username is None
    is_ours = parts.scheme == "http" and is_loopback(host)
    return bool(host) and is_plain and (parts.scheme == "https" or is_ours)
