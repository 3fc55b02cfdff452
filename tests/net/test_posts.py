from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driftwatch.errors import ConfigError
from driftwatch.net.posts import build_post, sign_post
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import generate_secret, parse_secret, verify

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = Secret.of_text("https://hooks.example.com/a")
TIMEOUT = timedelta(seconds=15)


def test_a_post_is_compact_json_in_utf_8() -> None:
    request = build_post(URL, {"text": "ä < 漢", "value": None}, TIMEOUT)

    assert request.body == '{"text":"ä < 漢","value":null}'.encode()
    assert request.headers == {"Content-Type": "application/json"}
    assert (request.method, request.url, request.deadline) == ("POST", URL.reveal(), TIMEOUT)


def test_half_a_surrogate_pair_does_not_stop_a_post() -> None:
    request = build_post(URL, {"column": "a\ud800b"}, TIMEOUT)

    assert json.loads(request.body) == {"column": "a?b"}


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        build_post(URL, {"value": float("nan")}, TIMEOUT)


def test_a_signed_post_can_be_verified() -> None:
    text = generate_secret()

    request = sign_post(build_post(URL, {"a": 1}, TIMEOUT), Secret.of_text(text), "msg_1", NOW)

    assert verify(parse_secret(text), request.headers, request.body, NOW) == "msg_1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.deadline == TIMEOUT


def test_a_secret_that_was_replaced_by_a_bad_one_is_refused_without_any_secret(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("canary")

    with pytest.raises(ConfigError) as raised:
        sign_post(build_post(URL, {}, TIMEOUT), Secret.of_file(path), "msg_1", NOW)

    assert "canary" not in str(raised.value)
    assert str(raised.value).count("whsec_") == 1
