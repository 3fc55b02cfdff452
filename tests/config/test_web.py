from __future__ import annotations

import pytest

from driftwatch.config.web import Listen
from tests.support.config_files import SMALL, list_mistakes, load_text


def serve(settings: str) -> str:
    return f"{SMALL}web: {{{settings}}}\n"


def test_without_settings_pages_are_for_this_machine_and_messages_have_no_links() -> None:
    config = load_text(SMALL)

    assert str(config.listen) == "127.0.0.1:8377"
    assert config.listen.is_loopback
    assert config.public_url is None


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:9000", "127.0.0.1", 9000),
        ("localhost:80", "localhost", 80),
        ("[::1]:8377", "::1", 8377),
        ("127.3.2.1:0", "127.3.2.1", 0),
    ],
)
def test_an_address_of_this_machine_and_a_port_are_listened_at(text: str, host: str, port: int) -> None:
    config = load_text(serve(f'listen: "{text}"'))

    assert config.listen == Listen(host=host, port=port)
    assert str(config.listen) == text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('listen: "8377"', "web.listen: wants an address and a port such as 127.0.0.1:8377"),
        ('listen: "127.0.0.1:99999"', "web.listen: wants an address and a port"),
        ('listen: "::1:8377"', "web.listen: wants an address and a port"),
        ('listen: "0.0.0.0:8377"', "web.listen: 0.0.0.0:8377 can be reached from other machines"),
        ('listen: "[::]:8377"', "web.listen: [::]:8377 can be reached from other machines"),
        ('listen: "drift.example.com:80"', "web.listen: drift.example.com:80 can be reached"),
        ("public_url: drift.example.com", "web.public_url: wants an address such as https://"),
        ('public_url: "https://me:canary-x@drift.example.com"', "web.public_url: wants an address such as"),
        ('public_url: "https://drift.example.com?x=1"', "web.public_url: wants an address such as"),
        ('public_url: "https://["', "web.public_url: "),
        ("port: 1", "web.port: "),
    ],
)
def test_what_cannot_be_served_is_a_mistake(settings: str, said: str) -> None:
    mistakes = list_mistakes(serve(settings))

    assert len(mistakes) == 1
    assert said in mistakes[0]
    assert "canary" not in mistakes[0]


def test_the_public_address_ends_without_a_slash() -> None:
    assert load_text(serve('public_url: "https://x.example/drift/"')).public_url == "https://x.example/drift"
