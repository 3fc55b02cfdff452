from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from driftwatch.access.caller import How, Scope
from driftwatch.config.access import Access, Oidc
from driftwatch.net.secrets import Secret
from driftwatch.store.database import Database
from tests.support.access import read_cookies
from tests.support.monitors import set_up
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, Provider, run_provider
from tests.support.site import Site, open_site, read_text
from tests.web.test_sign_in import list_acts

PUBLIC = "http://localhost"
PAGE = {"accept": "text/html"}


@pytest.fixture
def provider(store: Database) -> Iterator[Provider]:
    with run_provider(set_up(store).clock.now()) as running:
        yield running


def open_with(store: Database, provider: Provider, **settings: Any) -> Site:
    given: dict[str, Any] = {
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": Secret.of_text(CLIENT_SECRET),
        "scopes": ("openid", "email"),
        "name_claim": "email",
        "groups_claim": "groups",
        "groups": {"sre": Scope.OPERATE, "leads": Scope.ADMIN},
        "otherwise": Scope.READ,
    }
    access = Access(is_asked=True, oidc=Oidc(**{**given, **settings}))
    return open_site(store, access=access, public_url=PUBLIC)


def leave(site: Site, after: str = "/") -> str:
    """Begin to sign in, and return the address at the provider."""
    answer = site.client.get("/sign-in/provider", params={"after": after}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def come_back(site: Site, provider: Provider, after: str = "/") -> Any:
    back = provider.authorize(leave(site, after))
    return site.client.get(back, follow_redirects=False)


def test_whoever_the_provider_names_is_signed_in(store: Database, provider: Provider) -> None:
    site = open_with(store, provider)
    led = site.client.get("/incidents", headers=PAGE)
    assert "Sign in with 127.0.0.1" in read_text(led.text)

    arrived = come_back(site, provider, "/incidents?state=all")

    assert (arrived.status_code, arrived.headers["location"]) == (303, "/incidents?state=all")
    account = read_text(site.get("/account"))
    assert "ana@example.com" in account
    assert "You may look at everything. You signed in with your identity provider." in account
    assert [(one.actor, one.how, one.action) for one in list_acts(site)] == [
        ("ana@example.com", How.OIDC, "session.begin")
    ]


def test_the_way_there_carries_a_challenge_and_no_secret(store: Database, provider: Provider) -> None:
    site = open_with(store, provider)

    address = leave(site)

    query = dict(parse_qsl(urlsplit(address).query))
    assert address.startswith(f"{provider.issuer}/authorize?")
    assert query["response_type"] == "code"
    assert query["redirect_uri"] == f"{PUBLIC}/sign-in/provider/back"
    assert query["code_challenge_method"] == "S256"
    assert query["scope"] == "openid email"
    assert len(query["state"]) >= 43
    assert len(query["nonce"]) >= 43
    assert "canary" not in address
    again = dict(parse_qsl(urlsplit(leave(site)).query))
    assert not {query[name] for name in ("state", "nonce", "code_challenge")} & set(again.values())


def test_no_token_is_ever_in_an_address_or_in_a_cookie(store: Database, provider: Provider) -> None:
    site = open_with(store, provider)

    arrived = come_back(site, provider)

    assert "canary" not in arrived.headers["location"]
    assert "canary" not in str(read_cookies(arrived))
    assert 'driftwatch_journey=""' in read_cookies(arrived)["driftwatch_journey"]
    assert provider.asked[0]["grant_type"] == "authorization_code"


CLAIMS: list[tuple[str, dict[str, Any]]] = [
    ("nonce", {"nonce": "another"}),
    ("nonce", {"nonce": None}),
    ("issuer", {"iss": "http://evil.example"}),
    ("issuer", {"iss": None}),
    ("audience", {"aud": "another"}),
    ("audience", {"aud": None}),
    ("audience", {"aud": ["another"]}),
    ("shared audience", {"aud": [CLIENT_ID, "another"]}),
    ("shared audience", {"aud": [CLIENT_ID, "another"], "azp": "another"}),
    ("other party", {"azp": "another"}),
    ("expired", {"exp": 1}),
    ("expiry", {"exp": None}),
    ("expiry", {"exp": "tomorrow"}),
    ("not yet", {"nbf": 9_999_999_999}),
    ("future", {"iat": 9_999_999_999}),
    ("subject", {"sub": None}),
]


@pytest.mark.parametrize("claims", [claims for _, claims in CLAIMS], ids=str)
def test_what_was_not_said_to_us_now_by_this_provider_is_not_believed(
    store: Database, provider: Provider, claims: dict[str, Any]
) -> None:
    site = open_with(store, provider)
    provider.claims = claims

    check_refused(site, come_back(site, provider))


@pytest.mark.parametrize(
    "change",
    [
        Provider.use_other_key,
        Provider.use_secret_of_client,
        Provider.use_public_key_as_secret,
        lambda provider: setattr(provider, "alg", "none"),
    ],
    ids=["stranger", "client secret", "public key as secret", "none"],
)
def test_what_no_published_key_signed_is_not_believed(
    store: Database, provider: Provider, change: Callable[[Provider], None]
) -> None:
    site = open_with(store, provider)
    change(provider)

    check_refused(site, come_back(site, provider))


def check_refused(site: Site, answer: Any) -> None:
    assert answer.status_code == 401
    assert "canary" not in answer.text
    assert "driftwatch_session" not in read_cookies(answer)
    assert site.client.get("/").status_code == 401
    (act,) = list_acts(site)
    assert (act.actor, act.how, act.action) == ("", How.OIDC, "session.refuse")
    assert "canary" not in str(act)


def test_the_other_published_key_is_believed_too(store: Database, provider: Provider) -> None:
    site = open_with(store, provider)
    provider.use_elliptic_key()

    assert come_back(site, provider).status_code == 303


def test_nobody_ends_what_another_browser_began(store: Database, provider: Provider) -> None:
    mine, theirs = open_with(store, provider), open_with(store, provider)
    back = provider.authorize(leave(theirs))

    without = mine.client.get(back, follow_redirects=False)
    leave(mine)
    with_another = mine.client.get(back, follow_redirects=False)

    assert (without.status_code, with_another.status_code) == (401, 401)
    assert provider.asked == []


def test_a_code_is_used_once(store: Database, provider: Provider) -> None:
    site = open_with(store, provider)
    back = provider.authorize(leave(site))

    first = site.client.get(back, follow_redirects=False)
    second = site.client.get(back, follow_redirects=False)

    assert (first.status_code, second.status_code) == (303, 401)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=x",
        "?state=x",
        "?error=access_denied&state=STATE",
        "?code=x&state=STATE&iss=http://evil.example",
    ],
)
def test_an_answer_that_does_not_let_anybody_in_lets_nobody_in(
    store: Database, provider: Provider, query: str
) -> None:
    site = open_with(store, provider)
    state = dict(parse_qsl(urlsplit(leave(site)).query))["state"]

    answer = site.client.get(f"/sign-in/provider/back{query.replace('STATE', state)}")

    check_refused(site, answer)
    assert provider.asked == []


@pytest.mark.parametrize(
    "reply",
    [(500, b"oops"), (200, b"oops"), (200, b"{}"), (200, b"[]"), (302, b""), (200, b'{"id_token": 7}')],
)
def test_a_provider_that_answers_nonsense_is_no_fault_of_ours(
    store: Database, provider: Provider, reply: tuple[int, bytes]
) -> None:
    site = open_with(store, provider)
    provider.token_answer = reply

    check_refused(site, come_back(site, provider))


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"issuer": "http://evil.example"}, "write it the same"),
        ({"authorization_endpoint": "http://evil.example/authorize"}, "no authorization_endpoint"),
        ({"authorization_endpoint": None}, "no authorization_endpoint"),
    ],
)
def test_a_provider_that_is_another_or_speaks_in_the_open_is_not_asked(
    store: Database, provider: Provider, metadata: dict[str, Any], said: str
) -> None:
    site = open_with(store, provider)
    provider.metadata = metadata

    answer = site.client.get("/sign-in/provider", follow_redirects=False)

    assert answer.status_code == 502
    assert said in read_text(answer.text)


def test_a_provider_that_is_not_there_is_said(store: Database, provider: Provider) -> None:
    site = open_with(store, provider, issuer="http://127.0.0.1:1")

    answer = site.client.get("/sign-in/provider")

    assert answer.status_code == 502
    assert "The provider cannot be reached" in read_text(answer.text)


@pytest.mark.parametrize(
    ("groups", "otherwise", "status"),
    [
        (["leads"], Scope.READ, 200),
        ("leads", Scope.READ, 200),
        (["sre"], Scope.READ, 403),
        ([], Scope.READ, 403),
        (None, Scope.READ, 403),
        ({"leads": 1}, Scope.READ, 403),
        ([], Scope.ADMIN, 200),
    ],
)
def test_the_groups_that_the_provider_names_decide(
    store: Database, provider: Provider, groups: Any, otherwise: Scope, status: int
) -> None:
    site = open_with(store, provider, otherwise=otherwise)
    provider.claims = {"groups": groups}
    come_back(site, provider)

    assert site.client.get("/audit").status_code == status


def test_who_is_in_no_group_stays_outside_where_that_is_wanted(store: Database, provider: Provider) -> None:
    site = open_with(store, provider, otherwise=None)

    answer = come_back(site, provider)

    assert answer.status_code == 401
    assert "You are in none of the groups" in answer.text


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email_verified": False}, "248289761001"),
        ({"email": None}, "248289761001"),
        ({"email": "a\0b"}, "248289761001"),
        ({"email": ["x"]}, "248289761001"),
    ],
)
def test_a_name_that_is_doubtful_is_not_used(
    store: Database, provider: Provider, claims: dict[str, Any], name: str
) -> None:
    site = open_with(store, provider)
    provider.claims = claims
    come_back(site, provider)

    assert name in read_text(site.get("/account"))
    assert "ana@example.com" not in site.get("/account")


def test_without_a_provider_there_is_no_way_to_one(store: Database) -> None:
    site = open_site(store, access=Access(is_asked=True, passwords=True))

    assert site.client.get("/sign-in/provider").status_code == 404
    assert site.client.get("/sign-in/provider/back").status_code == 404
