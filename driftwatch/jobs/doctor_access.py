"""What the doctor says of who may use the pages (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from driftwatch.incidents.words import say_count
from driftwatch.jobs.checks import Check, pass_check, warn

__all__ = ["AccessFacts", "check_access"]

_NAME = "access"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFacts:
    """Who may use the pages by the configuration, and who there is in the store.

    `is_asked`: who asks must be known. `is_reachable`: other machines reach the pages. `has_others`: people
    sign in with a proxy or a provider.
    """

    is_asked: bool = False
    is_reachable: bool = False
    is_encrypted: bool = False
    passwords: bool = False
    has_others: bool = False
    users: int = 0
    tokens: int = 0


def check_access(facts: AccessFacts) -> Iterator[Check]:
    """Yield what is to be said of who may use the pages.

    >>> [check.health.value for check in check_access(AccessFacts(is_reachable=True))]
    ['warning']
    """
    if not facts.is_asked and facts.is_reachable:
        yield warn(
            _NAME,
            "everybody who reaches the pages may do everything",
            "write `auth: {passwords: true}` under web, then driftwatch user add NAME --scope admin",
        )
    elif not facts.is_asked:
        yield pass_check(_NAME, "the pages are for this machine alone, and nobody is asked who it is")
    elif not (facts.users and facts.passwords) and not facts.tokens and not facts.has_others:
        yield warn(_NAME, "nobody can sign in yet", "driftwatch user add NAME --scope admin")
    else:
        yield pass_check(_NAME, f"{say_count(facts.users, 'user')}, {say_count(facts.tokens, 'token')}")
    if facts.is_asked and facts.is_reachable and facts.passwords and not facts.is_encrypted:
        yield warn(
            "encryption",
            "passwords and sessions travel in the open, where public_url does not begin with https://",
            "put a proxy with a certificate in front, and set web.public_url to its address",
        )
