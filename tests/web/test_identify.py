from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from driftwatch.access.caller import Caller, How, Scope
from driftwatch.config.access import Access, Proxy
from driftwatch.net.secrets import Secret
from driftwatch.store.database import Database
from driftwatch.store.tokens import list_tokens
from tests.support.access import ASKED, bear, make_token
from tests.support.site import Site, open_site, read_token
from tests.web.test_sign_in import list_acts

SECRET = "canary-5e7c1c51b0a94f0d"
PROXY = Proxy(
    secret=Secret.of_text(SECRET),
    secret_header="X-Driftwatch-Proxy",
    user_header="X-Forwarded-User",
    groups_header="X-Forwarded-Groups",
    groups={"sre": Scope.OPERATE, "leads": Scope.ADMIN},
    otherwise=Scope.READ,
)
BEHIND = Access(is_asked=True, trusted=(ip_network("10.0.0.0/8"), ip_network("::1")), proxy=PROXY)
GOOD = [("x-driftwatch-proxy", SECRET), ("x-forwarded-user", "ana@example.com")]


def find_asking(site: Site, headers: Any) -> str:
    """Return who the site thinks asks: the name in its head, and the scope that it says."""
    answer = site.client.get("/account", headers=headers)
    if answer.status_code != 200:
        return str(answer.status_code)
    return str(answer.text)


def test_a_token_says_who_it_is_and_no_form_secret_is_needed_with_it(store: Database) -> None:
    site = open_site(store, access=ASKED)
    site.live("..a")
    headers = bear(make_token(site, Scope.OPERATE, name="airflow"))

    answer = site.client.post(
        f"/incidents/{site.numbers[0]}/note", data={"text": "x"}, headers=headers, follow_redirects=False
    )

    assert answer.status_code == 303
    act = list_acts(site)[0]
    assert (act.actor, act.how, act.details) == ("airflow", How.TOKEN, {"text": "x"})


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER  {}"])
def test_the_word_before_a_token_may_be_written_in_any_case(store: Database, header: str) -> None:
    site = open_site(store, access=ASKED)
    token = make_token(site, Scope.READ)

    assert site.client.get("/", headers={"authorization": header.format(token)}).status_code == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic {}", "{}", "Bearer {}x", "Bearer dw_\xff"])
def test_what_is_no_token_opens_nothing(store: Database, header: str) -> None:
    site = open_site(store, access=ASKED)
    given = header.format(make_token(site, Scope.ADMIN)).encode("latin-1")

    assert site.client.get("/", headers=[(b"authorization", given)]).status_code == 401


def test_a_wrong_token_is_never_less_strict_than_none(store: Database) -> None:
    site = open_site(store)

    assert site.client.get("/").status_code == 200
    assert site.client.get("/", headers=bear("dw_wrong")).status_code == 401
    token = make_token(site, Scope.READ)
    assert site.client.get("/audit", headers=bear(token)).status_code == 403


def test_the_last_use_of_a_token_is_written_at_most_once_a_minute(store: Database) -> None:
    site = open_site(store, access=ASKED)
    headers = bear(make_token(site, Scope.READ))
    began = site.bench.clock.now()

    seen = []
    for seconds in (0, 30, 61):
        site.bench.clock.move_to(began + timedelta(seconds=seconds))
        site.client.get("/", headers=headers)
        (row,) = site.app.database.read(lambda tx: list_tokens(tx, began))
        assert row.last_used_at is not None
        seen.append((row.last_used_at - began).seconds)

    assert seen == [0, 0, 61]


def test_a_proxy_that_is_trusted_and_knows_the_secret_says_who_it_is(store: Database) -> None:
    site = open_site(store, access=BEHIND, address="10.1.2.3")

    page = find_asking(site, [*GOOD, ("x-forwarded-groups", "staff, sre")])

    assert "ana@example.com" in page
    assert "look at everything and act on it." in page
    assert "sign out there" in page


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.1", GOOD),
        ("testclient", GOOD),
        ("10.1.2.3", GOOD[1:]),
        ("10.1.2.3", [("x-driftwatch-proxy", SECRET + "x"), GOOD[1]]),
        ("10.1.2.3", [("x-driftwatch-proxy", ""), GOOD[1]]),
        ("10.1.2.3", [GOOD[0], GOOD[0], GOOD[1]]),
        ("10.1.2.3", [GOOD[0]]),
        ("10.1.2.3", [GOOD[0], ("x-forwarded-user", "")]),
        ("10.1.2.3", [*GOOD, ("x-forwarded-user", "root")]),
        ("10.1.2.3", [GOOD[0], ("x_forwarded_user", "root")]),
        ("10.1.2.3", [GOOD[0], ("x-forwarded-user", "x" * 300)]),
        ("10.1.2.3", [GOOD[0], ("x-forwarded-user", "a\tb")]),
        ("192.0.2.1", [*GOOD, ("x-forwarded-for", "10.1.2.3")]),
        ("192.0.2.1", [*GOOD, ("forwarded", "for=10.1.2.3"), ("x-real-ip", "10.1.2.3")]),
    ],
)
def test_nobody_else_says_who_it_is(store: Database, address: str, headers: list[tuple[str, str]]) -> None:
    site = open_site(store, access=BEHIND, address=address)

    answer = site.client.get("/", headers=headers)

    assert answer.status_code == 401
    assert "canary" not in answer.text


def test_a_proxy_is_believed_by_ipv6_and_where_ipv4_comes_in_its_clothes(store: Database) -> None:
    for address in ("::1", "::ffff:10.1.2.3"):
        assert (
            open_site(store, access=BEHIND, address=address).client.get("/", headers=GOOD).status_code == 200
        )


def test_a_name_in_utf_8_is_read_as_it_was_written(store: Database) -> None:
    site = open_site(store, access=BEHIND, address="10.1.2.3")

    page = find_asking(site, [GOOD[0], ("x-forwarded-user", "Åsa Ω".encode())])

    assert "Åsa Ω" in page


@pytest.mark.parametrize(
    ("groups", "status"), [("sre", 403), ("leads", 200), ("sre,leads", 200), ("Leads", 403), ("", 403)]
)
def test_the_groups_of_a_proxy_decide_what_may_be_done(store: Database, groups: str, status: int) -> None:
    site = open_site(store, access=BEHIND, address="10.1.2.3")

    answer = site.client.get("/audit", headers=[*GOOD, ("x-forwarded-groups", groups)])

    assert answer.status_code == status


def test_who_is_in_no_group_is_kept_out_where_that_is_wanted(store: Database) -> None:
    strict = Proxy(**{name: getattr(PROXY, name) for name in PROXY.__slots__} | {"otherwise": None})
    access = Access(is_asked=True, trusted=BEHIND.trusted, proxy=strict)
    site = open_site(store, access=access, address="10.1.2.3")

    answer = site.client.get("/", headers=GOOD)

    assert answer.status_code == 403
    assert "none of the groups" in answer.text


def test_what_a_proxys_user_does_is_kept_with_where_it_came_from(store: Database) -> None:
    site = open_site(store, access=BEHIND, address="10.1.2.3")
    site.live("..a")
    address = f"/incidents/{site.numbers[0]}/acknowledge"
    headers = [*GOOD, ("x-forwarded-groups", "sre"), ("x-forwarded-for", "6.6.6.6, 192.0.2.7, 10.9.9.9")]
    token = read_token(site.client.get(address, headers=headers).text)

    site.client.post(address, data={"token": token, "who": "root"}, headers=headers)

    act = list_acts(site)[0]
    assert (act.actor, act.how, act.address) == ("ana@example.com", How.PROXY, "192.0.2.7")


def test_scopes_are_ordered() -> None:
    assert [Caller(name="x", scope=one, how=How.TOKEN).may(Scope.OPERATE) for one in Scope] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("192.0.2.1", 401),
        ("::ffff:192.0.2.1", 401),
    ],
)
def test_where_nobody_is_asked_nobody_comes_from_elsewhere(
    store: Database, address: str, status: int
) -> None:
    closed, opened = (
        open_site(store, address=address),
        open_site(store, address=address, access=Access(is_open=True)),
    )

    assert closed.client.get("/").status_code == status
    assert opened.client.get("/").status_code == 200
