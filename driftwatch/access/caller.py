"""Who asks, how that is known, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Caller", "How", "Scope"]


class Scope(StrEnum):
    """What somebody may do; each includes those before it.

    >>> Scope.ADMIN.includes(Scope.READ), Scope.READ.includes(Scope.OPERATE)
    (True, False)
    """

    READ = "read"
    """Look at everything that is watched."""

    OPERATE = "operate"
    """Act on it too: acknowledge, silence, label, retry and the like."""

    ADMIN = "admin"
    """Decide who may do what, and see who did."""

    def includes(self, other: Scope) -> bool:
        """Return whether whoever has this scope may do what `other` allows."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


class How(StrEnum):
    """How it is known who asks."""

    ANONYMOUS = "anonymous"
    """Nobody is asked: the pages are served to this machine alone, or the operator wants it so."""

    TOKEN = "token"  # noqa: S105 - the word for a way, no secret.
    """An API token was sent along."""

    SESSION = "session"
    """Somebody signed in with a password."""

    PROXY = "proxy"
    """A trusted reverse proxy says so."""

    OIDC = "oidc"
    """Somebody signed in with an identity provider."""

    COMMAND = "command"
    """Somebody with an account on a machine that reaches the store used the command line."""

    DAEMON = "daemon"
    """The daemon itself, which takes up a configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who asks for a page or sends something.

    `name` is empty where nobody is asked who they are; a form asks for it then.
    """

    name: str
    scope: Scope
    how: How

    @property
    def is_known(self) -> bool:
        """Whether it is known who it is."""
        return bool(self.name)

    @property
    def may_act(self) -> bool:
        """Whether the caller may do more than look."""
        return self.may(Scope.OPERATE)

    def may(self, scope: Scope) -> bool:
        """Return whether the caller may do what `scope` allows."""
        return self.scope.includes(scope)
