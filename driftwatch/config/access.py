"""Who may use the pages and the API, as the configuration says it."""

# ruff: noqa: RUF009 - setting() is dataclasses.field with words for editors.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal

from driftwatch.access.caller import Scope
from driftwatch.config.sections import setting
from driftwatch.net.secrets import Secret

__all__ = [
    "NO_AUTH",
    "Access",
    "AuthSettings",
    "Oidc",
    "OidcSettings",
    "Proxy",
    "ProxySettings",
    "build_access",
    "read_network",
]

Granted = Literal["read", "operate", "admin"]
Otherwise = Literal["read", "operate", "admin", "none"]
Network = IPv4Network | IPv6Network

NO_AUTH: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """A reverse proxy that has people sign in, such as oauth2-proxy or Authelia."""

    secret: Secret | None = setting(
        "what the proxy sends along to show that it is the proxy; at least 16 characters", required=True
    )
    secret_header: str = setting("the header with that secret", "X-Driftwatch-Proxy")
    user_header: str = setting("the header with the name of the user", "X-Forwarded-User")
    groups_header: str = setting(
        "the header with the groups of the user, commas between them", "X-Forwarded-Groups"
    )
    groups: Mapping[str, Granted] | None = setting("what a group may do: read, operate or admin")
    otherwise: Otherwise = setting(
        "what somebody in none of these groups may do; none keeps them out", "read"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """An identity provider that people sign in with, by OpenID Connect."""

    issuer: str | None = setting(
        "the address of the provider, such as https://id.example.com/realms/main", required=True
    )
    client_id: str | None = setting("what the provider calls this installation", required=True)
    client_secret: Secret | None = setting("the secret it gave out; none for a public client")
    scopes: tuple[str, ...] = setting("what is asked of the provider", ("openid", "profile", "email"))
    name_claim: str = setting("the claim with the name of the user; sub where it is missing", "email")
    groups_claim: str = setting("the claim with the groups of the user", "groups")
    groups: Mapping[str, Granted] | None = setting("what a group may do: read, operate or admin")
    otherwise: Otherwise = setting(
        "what somebody in none of these groups may do; none keeps them out", "read"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Who may use the pages and the API; API tokens open them in any case."""

    passwords: bool = setting(
        "whether local users, of driftwatch user add, sign in with a password", default=True
    )
    trusted_proxies: tuple[str, ...] = setting(
        "addresses and networks of reverse proxies, whose word for where a request is from is taken", ()
    )
    proxy: ProxySettings | None = setting("a reverse proxy that says who it is")
    oidc: OidcSettings | None = setting("an identity provider that says who it is")
    insecure_no_auth: bool = setting(
        "let everybody who reaches the pages do everything, without a name", default=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """What a trusted proxy sends along, and what the groups it names may do."""

    secret: Secret
    secret_header: str
    user_header: str
    groups_header: str
    groups: Mapping[str, Scope]
    otherwise: Scope | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """An identity provider, and what the groups it names may do."""

    issuer: str
    client_id: str
    client_secret: Secret | None
    scopes: tuple[str, ...]
    name_claim: str
    groups_claim: str
    groups: Mapping[str, Scope]
    otherwise: Scope | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use the pages and the API; without settings everybody who reaches them.

    `is_asked`: who asks must be known. `is_open`: the operator wants nobody to be asked, wherever they are.
    """

    is_asked: bool = False
    is_open: bool = False
    passwords: bool = False
    trusted: tuple[Network, ...] = ()
    proxy: Proxy | None = None
    oidc: Oidc | None = field(default=None)

    @property
    def has_sign_in(self) -> bool:
        """Whether there is a page on which people sign in."""
        return self.passwords or self.oidc is not None


def build_access(auth: AuthSettings | Literal["none"]) -> Access:
    """Return what checked settings describe."""
    if isinstance(auth, str):
        return Access()
    return Access(
        is_asked=not auth.insecure_no_auth,
        is_open=auth.insecure_no_auth,
        passwords=auth.passwords and not auth.insecure_no_auth,
        trusted=tuple(read_network(text) for text in auth.trusted_proxies),
        proxy=_build_proxy(auth.proxy),
        oidc=_build_oidc(auth.oidc),
    )


def read_network(text: str) -> Network:
    """Return the network that a text names; one address is a network of its own. Raises ValueError."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"wants an address or a network such as 10.0.0.0/8, not {text!r}") from None


def _build_proxy(proxy: ProxySettings | None) -> Proxy | None:
    if proxy is None or proxy.secret is None:
        return None
    return Proxy(
        secret=proxy.secret,
        secret_header=proxy.secret_header,
        user_header=proxy.user_header,
        groups_header=proxy.groups_header,
        groups=_build_groups(proxy.groups),
        otherwise=_build_otherwise(proxy.otherwise),
    )


def _build_oidc(oidc: OidcSettings | None) -> Oidc | None:
    if oidc is None or oidc.issuer is None or oidc.client_id is None:
        return None
    return Oidc(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        client_secret=oidc.client_secret,
        scopes=oidc.scopes,
        name_claim=oidc.name_claim,
        groups_claim=oidc.groups_claim,
        groups=_build_groups(oidc.groups),
        otherwise=_build_otherwise(oidc.otherwise),
    )


def _build_groups(groups: Mapping[str, Granted] | None) -> Mapping[str, Scope]:
    return {group: Scope(word) for group, word in (groups or {}).items()}


def _build_otherwise(word: Otherwise) -> Scope | None:
    return None if word == NO_AUTH else Scope(word)
