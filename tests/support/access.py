"""People and programs who may do something, made in a store as the commands make them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from driftwatch.access.caller import Scope
from driftwatch.config.access import Access
from driftwatch.store.tokens import add_token, revoke_token
from driftwatch.store.users import add_user, hash_new
from tests.support.site import Site, read_token

__all__ = ["ASKED", "PASSWORD", "add_person", "bear", "make_token", "read_cookies", "sign_in"]

ASKED: Final = Access(is_asked=True, passwords=True)
PASSWORD: Final = "correct horse battery"
_KEPT: Final = hash_new(PASSWORD)


def make_token(site: Site, scope: Scope, *, name: str = "airflow", state: str = "good") -> str:
    """Return a token of a scope that is `good`, `expired` or `revoked`."""
    now, database = site.bench.clock.now(), site.app.database
    made_at = now - timedelta(days=2)
    row, text = database.write(
        lambda tx: add_token(
            tx,
            name=name,
            scope=scope,
            created_by="root",
            now=made_at,
            expires_at=now - timedelta(days=1) if state == "expired" else None,
        )
    )
    if state == "revoked":
        database.write(lambda tx: revoke_token(tx, row.id, "root", now))
    return text


def bear(token: str) -> dict[str, str]:
    """Return the header with a token."""
    return {"authorization": f"Bearer {token}"}


def add_person(site: Site, name: str = "ana", scope: Scope = Scope.OPERATE) -> None:
    """Add a local user, whose password is PASSWORD."""
    now = site.bench.clock.now()
    site.app.database.write(
        lambda tx: add_user(tx, name, kept=_KEPT, scope=scope, created_by="root", now=now)
    )


def sign_in(site: Site, name: str = "ana", password: str = PASSWORD, **more: str) -> Any:
    """Fill in the page on which people sign in, and return the answer without following it."""
    token = read_token(site.client.get("/sign-in").text)
    fields = {"token": token, "name": name, "password": password, **more}
    return site.client.post("/sign-in", data=fields, follow_redirects=False)


def read_cookies(answer: Any) -> dict[str, str]:
    """Return the cookies that an answer sets, each with all that is said of it."""
    lines = answer.headers.get_list("set-cookie")
    return {re.split("[=;]", line, maxsplit=1)[0]: line for line in lines}
