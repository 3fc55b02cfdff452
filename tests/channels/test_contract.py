from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import pytest

from driftwatch.channels import CHANNELS, Channel, Message
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import generate_secret
from tests.support.receiver import (
    answer_junk,
    close_after_reading,
    close_before_reading,
    drip_headers,
    never_answer,
    never_read,
    send_headers,
    serve,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MESSAGE = Message(
    id="01J", type="delivery.test", timestamp=NOW, severity="minor", title="A test", text="Nothing happened.",
    payload={"type": "delivery.test"},
)  # fmt: skip
BAD = [
    never_answer,
    never_read,
    drip_headers,
    close_before_reading,
    close_after_reading,
    answer_junk,
    send_headers(9, 60_000),
]


def build_settings(kind: type[Any], url: str) -> dict[str, Any]:
    settings: Mapping[str, Any] = {
        "url": Secret.of_text(url),
        "secret": Secret.of_text(generate_secret()),
        "timeout": timedelta(seconds=0.3),
    }
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in settings.items() if name in names}


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_channel_is_one_frozen_dataclass_whose_settings_are_explained(name: str) -> None:
    kind: Any = CHANNELS[name]

    assert kind.__dataclass_params__.frozen
    assert kind.__doc__
    assert get_type_hints(kind)["fallback"] == str | None
    assert all(field.kw_only and field.metadata["text"] for field in dataclasses.fields(kind))


@pytest.mark.parametrize("name", sorted(set(CHANNELS) - {"log"}))
@pytest.mark.parametrize("behaviour", BAD, ids=lambda behaviour: behaviour.__qualname__.partition(".")[0])
def test_every_channel_survives_a_bad_receiver_and_will_try_again(
    name: str, behaviour: Callable[[Any], None]
) -> None:
    with serve(behaviour) as receiver:
        kind: Any = CHANNELS[name]
        channel: Channel = kind(**build_settings(kind, f"{receiver.url}/canary"))
        outcome = channel.send(MESSAGE, NOW)

    assert (outcome.delivered, outcome.again, outcome.status) == (False, True, None)
    assert outcome.error is not None
    assert "canary" not in outcome.error
    assert len(outcome.error) <= 255


def test_no_channel_is_sent_to_a_metadata_address() -> None:
    for name in set(CHANNELS) - {"log"}:
        kind: Any = CHANNELS[name]
        outcome = kind(**build_settings(kind, "http://169.254.169.254/canary")).send(MESSAGE, NOW)

        assert (outcome.delivered, outcome.again) == (False, False)
        assert outcome.error.startswith("refused_address: ")


@pytest.mark.parametrize("name", sorted(set(CHANNELS) - {"log"}))
def test_no_channel_accepts_a_timeout_that_outlives_its_claim(name: str) -> None:
    kind: Any = CHANNELS[name]
    settings = {**build_settings(kind, "https://hooks.example.com/"), "timeout": timedelta(hours=1)}

    with pytest.raises(ValueError, match="at most 60 s"):
        kind(**settings)
