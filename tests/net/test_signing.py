from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from driftwatch.net.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    SignatureError,
    build_headers,
    generate_secret,
    parse_secret,
    sign,
    verify,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"type":"incident.opened","text":"äöü 漢字"}'.encode()

keys = st.binary(min_size=24, max_size=64)
ids = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=1)
bodies = st.dictionaries(st.text(), st.text() | st.integers()).map(lambda body: json.dumps(body).encode())


def write_secret(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def test_the_published_vector_is_signed_as_published() -> None:
    # The vector that the reference implementations in all their languages are tested with.
    moment = datetime.fromtimestamp(1614265330, tz=UTC)

    signature = sign(parse_secret(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(key=keys, message_id=ids, body=bodies)
def test_the_reference_implementation_accepts_what_we_sign(key: bytes, message_id: str, body: bytes) -> None:
    headers = build_headers(key, message_id, NOW, body)

    with time_machine.travel(NOW, tick=False):
        received = Webhook(write_secret(key)).verify(body, headers)

    assert received == json.loads(body)


@given(key=keys, message_id=ids, body=bodies)
def test_we_accept_what_the_reference_implementation_signs(key: bytes, message_id: str, body: bytes) -> None:
    signature = Webhook(write_secret(key)).sign(message_id, NOW, body.decode())
    headers = {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(int(NOW.timestamp())),
        "Webhook-Signature": signature,
    }

    assert verify(key, headers, body, NOW) == message_id


@given(key=keys, message_id=ids, body=bodies, cut=st.integers(0, 1000), bit=st.integers(0, 7))
def test_a_changed_body_is_refused_by_both(
    key: bytes, message_id: str, body: bytes, cut: int, bit: int
) -> None:
    headers = build_headers(key, message_id, NOW, body)
    changed = bytearray(body)
    changed[cut % len(changed)] ^= 1 << bit

    with pytest.raises(SignatureError):
        verify(key, headers, bytes(changed), NOW)
    with time_machine.travel(NOW, tick=False), pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        Webhook(write_secret(key)).verify(bytes(changed), headers)


@pytest.mark.parametrize("name", [ID_HEADER, TIMESTAMP_HEADER])
def test_a_changed_header_is_refused(name: str) -> None:
    key = parse_secret(SECRET)
    headers = build_headers(key, "msg_1", NOW, BODY)
    headers[name] = "msg_2" if name == ID_HEADER else str(int(headers[name]) + 1)

    with pytest.raises(SignatureError, match="no signature"):
        verify(key, headers, BODY, NOW)


@pytest.mark.parametrize("name", [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER])
def test_a_missing_header_is_refused_by_name(name: str) -> None:
    key = parse_secret(SECRET)
    headers = build_headers(key, "msg_1", NOW, BODY)
    del headers[name]

    with pytest.raises(SignatureError, match=name):
        verify(key, headers, BODY, NOW)


def test_another_secret_is_refused() -> None:
    headers = build_headers(parse_secret(generate_secret()), "msg_1", NOW, BODY)

    with pytest.raises(SignatureError, match="no signature"):
        verify(parse_secret(SECRET), headers, BODY, NOW)


@pytest.mark.parametrize(
    ("age", "accepted"),
    [
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(minutes=-5, seconds=-1), False),
    ],
)
def test_a_signature_holds_for_five_minutes_either_way(age: timedelta, accepted: bool) -> None:
    key = parse_secret(SECRET)
    headers = build_headers(key, "msg_1", NOW, BODY)

    if accepted:
        assert verify(key, headers, BODY, NOW + age) == "msg_1"
    else:
        with pytest.raises(SignatureError, match="away from now"):
            verify(key, headers, BODY, NOW + age)


def test_one_fitting_signature_of_several_is_enough() -> None:
    key = parse_secret(SECRET)
    headers = build_headers(key, "msg_1", NOW, BODY)
    other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
    headers[SIGNATURE_HEADER] = f"{other} v2,{other} {headers[SIGNATURE_HEADER]} v1a,é"

    assert verify(key, headers, BODY, NOW) == "msg_1"


@pytest.mark.parametrize("stamp", ["", "hello", "-1", "1.5", "٣", "nan", "9" * 5000])
def test_a_timestamp_that_is_no_whole_number_is_refused(stamp: str) -> None:
    key = parse_secret(SECRET)
    headers = {**build_headers(key, "msg_1", NOW, BODY), TIMESTAMP_HEADER: stamp}

    with pytest.raises(SignatureError, match=TIMESTAMP_HEADER):
        verify(key, headers, BODY, NOW)


@given(
    st.dictionaries(st.sampled_from([ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER]), st.text()), st.binary()
)
def test_no_forged_headers_get_through_or_break_us(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(parse_secret(SECRET), headers, body, NOW)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_secrets_of_24_to_64_bytes_are_read(size: int) -> None:
    key = bytes(range(size))

    assert parse_secret(write_secret(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "", "canary", "whsec_", "whsec_canary!", "whsec_canarycanary", write_secret(b"canary".ljust(23)),
        write_secret(b"canary".ljust(65)), write_secret(b"canary".ljust(32)).upper(),
        " " + write_secret(b"canary".ljust(32)), write_secret(b"canary".ljust(32)) + "\n",
        write_secret(b"canary".ljust(32)).rstrip("="), "whsek_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_ä",
    ],
)  # fmt: skip
def test_other_secrets_are_refused_with_a_fresh_one_as_the_example(text: str) -> None:
    with pytest.raises(ValueError, match="whsec_ and base64 of 24 to 64") as raised:
        parse_secret(text)

    examples = re.findall(r"whsec_[A-Za-z0-9+/=]{20,}", str(raised.value))
    assert [len(parse_secret(example)) for example in examples] == [32]
    assert not text.strip() or text.strip() == "whsec_" or text.strip() not in str(raised.value)


def test_no_two_examples_are_alike() -> None:
    assert len({generate_secret() for _ in range(100)}) == 100


@pytest.mark.parametrize("message_id", ["", "a.b", "a\nb", "ä", "a\r\nX: y"])
def test_an_id_that_would_make_signatures_ambiguous_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="message id"):
        sign(parse_secret(SECRET), message_id, NOW, BODY)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        sign(parse_secret(SECRET), "msg_1", NOW.replace(tzinfo=None), BODY)
