from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from driftwatch.access.caller import Scope
from driftwatch.config.access import Access
from driftwatch.config.loading import Config, parse_config
from driftwatch.errors import ConfigError
from tests.support.config_files import ENVIRONMENT, SMALL, list_mistakes, load_text

EVERYWHERE = 'listen: "0.0.0.0:8377"'
PROXY = "secret: canary-0123456789abcdef"
OIDC = "issuer: https://id.example.com, client_id: dw"


def write(auth: str, more: str = "") -> str:
    return f"{SMALL}web: {{auth: {auth}{', ' if more else ''}{more}}}\n"


def load_open(text: str) -> Config:
    return parse_config(
        text.encode(), file=Path("driftwatch.yaml"), environment=ENVIRONMENT, insecure_no_auth=True
    )


def test_without_settings_nobody_is_asked_on_this_machine_alone() -> None:
    assert load_text(SMALL).access == load_text(write("none")).access == Access()


def test_settings_that_say_nothing_ask_for_a_password_or_a_token() -> None:
    access = load_text(write("{}", EVERYWHERE)).access

    assert (access.is_asked, access.is_open, access.passwords, access.has_sign_in) == (
        True,
        False,
        True,
        True,
    )
    assert not load_text(write("{passwords: false}")).access.has_sign_in


def test_the_settings_of_a_proxy_are_read() -> None:
    groups = "groups: {sre: operate, leads: admin}, otherwise: none"
    text = write(f"{{trusted_proxies: [10.0.0.1, fd00::/8], proxy: {{{PROXY}, {groups}}}}}", EVERYWHERE)

    access = load_text(text).access

    assert access.trusted == (ip_network("10.0.0.1"), ip_network("fd00::/8"))
    assert access.proxy is not None
    assert access.proxy.groups == {"sre": Scope.OPERATE, "leads": Scope.ADMIN}
    assert access.proxy.otherwise is None
    assert access.proxy.user_header == "X-Forwarded-User"
    assert "canary" not in repr(access)


def test_the_settings_of_a_provider_are_read() -> None:
    access = load_text(write(f"{{oidc: {{{OIDC}}}}}", "public_url: https://drift.example.com")).access

    assert access.oidc is not None
    assert (access.oidc.issuer, access.oidc.otherwise) == ("https://id.example.com", Scope.READ)
    assert "openid" in access.oidc.scopes


@pytest.mark.parametrize(
    ("auth", "more", "said"),
    [
        ("", "", "web.auth: wants "),
        ("maybe", "", "web.auth: wants none"),
        ("{password: true}", "", "web.auth.password: is not known to this version (did you mean passwords?)"),
        ("none", EVERYWHERE, "web.listen: 0.0.0.0:8377 can be reached from other machines"),
        (f"{{proxy: {{{PROXY}}}}}", "", "web.auth.trusted_proxies: is missing"),
        ("{trusted_proxies: [everywhere]}", "", "web.auth.trusted_proxies[0]: wants an address or a network"),
        ("{trusted_proxies: [0.0.0.0/0]}", "", "web.auth.trusted_proxies[0]: 0.0.0.0/0 is every address"),
        ("{trusted_proxies: ['::/0']}", "", "is every address"),
        ("{trusted_proxies: ['::1'], proxy: {}}", "", "web.auth.proxy.secret: is missing"),
        (
            "{trusted_proxies: ['::1'], proxy: {secret: canary}}",
            "",
            "web.auth.proxy.secret: wants at least 16",
        ),
        (
            f"{{trusted_proxies: ['::1'], proxy: {{{PROXY}, user_header: 'X User'}}}}",
            "",
            "user_header: wants the name",
        ),
        (
            f"{{trusted_proxies: ['::1'], proxy: {{{PROXY}, groups: {{a: root}}}}}}",
            "",
            "wants read, operate or admin",
        ),
        (f"{{oidc: {{{OIDC}}}}}", "", "web.public_url: is missing"),
        ("{oidc: {client_id: x}}", "public_url: https://x.example", "web.auth.oidc.issuer: is missing"),
        (
            "{oidc: {issuer: 'http://id.example.com', client_id: x}}",
            "public_url: https://x.example",
            "web.auth.oidc.issuer: wants an address that begins with https://",
        ),
        (
            f"{{oidc: {{{OIDC}, scopes: [email]}}}}",
            "public_url: https://x.example",
            "web.auth.oidc.scopes: wants openid",
        ),
        (
            f"{{insecure_no_auth: true, oidc: {{{OIDC}}}}}",
            "public_url: https://x.example",
            "web.auth.insecure_no_auth: stands beside a way to sign in",
        ),
        ("{}", "requests_per_second: 0", "web.requests_per_second: wants more than 0"),
    ],
)
def test_what_cannot_be_used_is_a_mistake_with_its_place(auth: str, more: str, said: str) -> None:
    mistakes = list_mistakes(write(auth, more))

    assert len(mistakes) == 1
    assert said in mistakes[0]
    assert "canary" not in mistakes[0]


def test_everybody_is_let_in_from_everywhere_only_where_that_is_said_out_loud() -> None:
    text = f"{SMALL}web: {{{EVERYWHERE}}}\n"

    with pytest.raises(ConfigError, match="--insecure-no-auth"):
        load_text(text)
    for config in (load_open(text), load_text(write("{insecure_no_auth: true}", EVERYWHERE))):
        assert (config.access.is_open, config.access.is_asked, config.access.passwords) == (
            True,
            False,
            False,
        )


def test_the_flag_takes_nothing_back_that_the_file_asks_for() -> None:
    assert load_open(write("{}", EVERYWHERE)).access.is_asked
    assert load_open(SMALL).access.is_open
