from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.access.act import Act
from driftwatch.access.caller import How
from driftwatch.config.access import Access
from driftwatch.store.audit import WantedActs, page_acts
from driftwatch.store.database import Database
from driftwatch.store.users import remove_user
from driftwatch.web.access import Scope
from tests.support.access import ASKED, PASSWORD, add_person, bear, make_token, read_cookies, sign_in
from tests.support.site import Site, open_site, read_text, read_token

PAGE = {"accept": "text/html"}


def open_asking(store: Database, scope: Scope = Scope.OPERATE, *, public_url: str | None = None) -> Site:
    site = open_site(store, access=ASKED, public_url=public_url)
    add_person(site, scope=scope)
    return site


def list_acts(site: Site) -> list[Act]:
    """Return what people did, the newest first."""
    found, _ = site.app.database.read(lambda tx: page_acts(tx, WantedActs(), at_most=100))
    return [one for one in found if one.how is not How.DAEMON]


def test_who_is_not_known_is_led_to_sign_in_and_then_where_they_wanted_to_go(store: Database) -> None:
    site = open_asking(store)

    led = site.client.get("/incidents?state=all&page=1", headers=PAGE, follow_redirects=False)
    form = site.client.get(led.headers["location"])
    fields = {"token": read_token(form.text), "name": "ana", "password": PASSWORD}
    fields["after"] = "/incidents?state=all&page=1"
    arrived = site.client.post("/sign-in", data=fields)

    assert (led.status_code, led.headers["location"]) == (
        303,
        "/sign-in?after=%2Fincidents%3Fstate%3Dall%26page%3D1",
    )
    assert 'value="/incidents?state=all&amp;page=1"' in form.text
    assert "Flight" not in form.text
    assert arrived.url.path == "/incidents"
    assert "ana" in read_text(arrived.text)


@pytest.mark.parametrize(
    "after",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/\r\nx:y"],
)
def test_nobody_is_led_to_another_site(store: Database, after: str) -> None:
    site = open_asking(store)

    assert sign_in(site, after=after).headers["location"] == "/"


def test_the_cookie_is_for_us_alone_and_by_https_it_has_the_prefix_that_browsers_guard(
    store: Database,
) -> None:
    plain = read_cookies(sign_in(open_asking(store)))["driftwatch_session"].lower()
    site = open_site(store, access=ASKED, public_url="https://drift.example.com")
    site.client.base_url = "https://drift.example.com"
    secure = read_cookies(sign_in(site))["__Host-driftwatch_session"].lower()

    for line in (plain, secure):
        assert "httponly" in line
        assert "samesite=lax" in line
        assert "path=/;" in f"{line};"
        assert "domain" not in line
        assert "max-age=604800" in line
    assert "; secure" in secure
    assert site.client.get("/", follow_redirects=False).status_code == 200


def test_a_session_that_somebody_planted_is_not_the_one_after_signing_in(store: Database) -> None:
    site = open_asking(store)
    site.client.cookies.set("driftwatch_session", "planted")

    sign_in(site)

    found = site.client.cookies.get("driftwatch_session", domain="localhost.local")
    assert found
    assert found != "planted"


def test_signing_in_again_ends_the_session_before(store: Database) -> None:
    site = open_asking(store)
    sign_in(site)
    first = dict(site.client.cookies)["driftwatch_session"]
    sign_in(site)

    site.client.cookies.clear()
    site.client.cookies.set("driftwatch_session", first)

    assert site.client.get("/").status_code == 401


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ana", "wrong password"),
        ("nobody", PASSWORD),
        ("ana", ""),
        ("ana\0", PASSWORD),
        ("Ana", PASSWORD),
        ("", ""),
    ],
)
def test_whatever_is_wrong_the_same_is_said(store: Database, name: str, password: str) -> None:
    site = open_asking(store)

    answer = sign_in(site, name, password)

    assert answer.status_code == 401
    assert "That name and that password do not fit together." in answer.text
    assert password not in answer.text or not password
    assert "driftwatch_session" not in read_cookies(answer)
    assert site.client.get("/").status_code == 401


def test_who_guesses_waits_ever_longer_and_the_right_password_does_not_help_meanwhile(
    store: Database,
) -> None:
    site = open_asking(store)
    answers = [sign_in(site, password="wrong password") for _ in range(8)]

    assert [answer.status_code for answer in answers] == [401] * 6 + [429] * 2
    assert answers[-1].headers["retry-after"] == "1"
    assert sign_in(site).status_code == 429
    site.bench.clock.move_to(site.bench.clock.now() + timedelta(seconds=1))
    assert sign_in(site).status_code == 303


def test_one_address_that_guesses_many_names_is_stopped_too(store: Database) -> None:
    site = open_asking(store)

    statuses = [sign_in(site, f"name{number}", "wrong password").status_code for number in range(23)]

    assert statuses == [401] * 21 + [429] * 2
    assert sign_in(site).status_code == 429


def test_signing_in_and_failing_to_is_kept_without_what_was_typed(store: Database) -> None:
    site = open_asking(store)
    sign_in(site)
    sign_in(site, password="canary password")
    sign_in(site, name="canary-typed-into-the-wrong-field")

    acts = [(one.actor, one.action, one.subject, dict(one.details)) for one in list_acts(site)]

    assert acts == [
        ("", "session.refuse", "", {"why": "no such user"}),
        ("", "session.refuse", "ana", {"why": "wrong password"}),
        ("ana", "session.begin", "", {}),
    ]
    assert {one.address for one in list_acts(site)} == {"testclient"}
    assert "canary" not in str(list_acts(site))


def test_a_form_names_nobody_where_it_is_known_who_sends_it(store: Database) -> None:
    site = open_asking(store)
    site.live("..a")
    sign_in(site)
    address = f"/incidents/{site.numbers[0]}/acknowledge"
    page = site.get(address)

    answer = site.client.post(address, data={"token": read_token(page), "who": "Somebody Else"})

    assert "Your name" not in page
    assert "ana is looking at it" in read_text(answer.text)
    assert "Somebody Else" not in answer.text
    act = list_acts(site)[0]
    assert (act.actor, act.how, act.action) == ("ana", "session", "incident.acknowledge")
    assert act.subject == str(site.numbers[0])


def test_the_forms_of_one_session_are_not_those_of_another(store: Database) -> None:
    site = open_asking(store)
    site.live("..a")
    address = f"/incidents/{site.numbers[0]}/note"
    sign_in(site)
    mine = read_token(site.get(address))
    sign_in(site)
    other = read_token(site.get(address))

    def send(token: str) -> int:
        fields = {"token": token, "text": "x"}
        return int(site.client.post(address, data=fields, follow_redirects=False).status_code)

    assert mine != other
    assert (send(mine), send(site.client.cookies["driftwatch_session"]), send(other)) == (403, 403, 303)


def test_who_signs_out_is_out_and_everywhere_means_everywhere(store: Database) -> None:
    site, elsewhere = open_asking(store), open_site(store, access=ASKED)
    sign_in(site)
    sign_in(elsewhere)
    account = site.get("/account")
    assert "You are signed in in 2 browsers." in read_text(account)

    site.client.post("/sign-out", data={"token": read_token(account)})
    assert (site.client.get("/").status_code, elsewhere.client.get("/").status_code) == (401, 200)
    sign_in(site)
    fields = {"token": read_token(site.get("/account")), "where": "everywhere"}
    left = site.client.post("/sign-out", data=fields, follow_redirects=False)

    assert left.headers["location"] == "/sign-in"
    assert (site.client.get("/").status_code, elsewhere.client.get("/").status_code) == (401, 401)


def test_a_session_does_not_outlive_its_user_nor_the_way_it_was_begun(store: Database) -> None:
    site = open_asking(store)
    sign_in(site)
    object.__setattr__(site.app.config, "access", Access(is_asked=True, passwords=False))
    without = site.client.get("/").status_code
    object.__setattr__(site.app.config, "access", ASKED)
    again = site.client.get("/").status_code

    site.app.database.write(lambda tx: remove_user(tx, "ana"))

    assert (without, again, site.client.get("/").status_code) == (401, 200, 401)


def test_nobody_uses_a_session_for_twelve_hours_and_it_is_over(store: Database) -> None:
    site = open_asking(store)
    sign_in(site)
    now = site.bench.clock.now()

    site.bench.clock.move_to(now + timedelta(hours=11))
    assert site.client.get("/").status_code == 200
    site.bench.clock.move_to(now + timedelta(hours=22))
    assert site.client.get("/").status_code == 200
    site.bench.clock.move_to(now + timedelta(hours=34, seconds=1))
    assert site.client.get("/").status_code == 401


def test_programs_are_not_led_anywhere(store: Database) -> None:
    site = open_asking(store)

    assert site.client.get("/", follow_redirects=False).status_code == 401
    headers = {**PAGE, **bear("dw_wrong")}
    assert site.client.get("/", headers=headers, follow_redirects=False).status_code == 401


def test_without_passwords_there_is_no_form_for_them(store: Database) -> None:
    asking = open_site(store, access=Access(is_asked=True))

    assert asking.client.get("/sign-in").status_code == 404
    assert open_site(store).client.get("/sign-in").status_code == 404
    answer = asking.client.get("/", headers=PAGE, follow_redirects=False)
    assert answer.status_code == 401
    assert asking.client.get("/", headers=bear(make_token(asking, Scope.READ))).status_code == 200


@pytest.mark.parametrize("scope", list(Scope))
def test_who_may_only_look_is_told_so_and_shown_no_forms(store: Database, scope: Scope) -> None:
    site = open_asking(store, scope)
    sign_in(site)

    page = site.get("/silences")

    assert ('class="looks"' in page) == (scope is Scope.READ)
    assert ("You may look at everything here, and not act on it." in page) == (scope is Scope.READ)
    assert ('href="/audit"' in page) == (scope is Scope.ADMIN)


def test_the_page_on_which_people_type_is_not_asked_for_anew(store: Database) -> None:
    site = open_asking(store)
    form = site.client.get("/sign-in").text
    sign_in(site)

    assert "data-live" not in form
    assert "data-live" in site.get("/silences")


def test_who_finds_too_many_others_signing_in_is_asked_to_come_again(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_asking(store)
    monkeypatch.setattr("driftwatch.web.door._LONGEST_TURN", timedelta(0))
    comparing = site.client.app.state.door._comparing  # type: ignore[attr-defined]

    with comparing, comparing:
        busy = sign_in(site)

    assert (busy.status_code, busy.headers["retry-after"]) == (429, "5")
    assert sign_in(site).status_code == 303
