"""What somebody may do, by the groups that others say they are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from driftwatch.access.caller import Scope

__all__ = ["grant_scope"]


def grant_scope(groups: Iterable[str], granted: Mapping[str, Scope], otherwise: Scope | None) -> Scope | None:
    """Return the widest scope that `groups` are granted, `otherwise` where none of them is named.

    >>> granted = {"sre": Scope.OPERATE, "leads": Scope.ADMIN}
    >>> grant_scope(["staff", "sre"], granted, Scope.READ).value
    'operate'
    >>> grant_scope(["SRE"], granted, None) is None
    True
    """
    found = [granted[group] for group in groups if group in granted]
    return max(found, key=list(Scope).index) if found else otherwise
