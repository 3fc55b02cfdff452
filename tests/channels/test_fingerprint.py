from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from driftwatch.channels import Slack, Webhook
from driftwatch.channels.fingerprint import fingerprint_channel
from driftwatch.net.secrets import Secret
from driftwatch.net.signing import generate_secret

HOOK = Webhook(
    url=Secret.of_text("https://hooks.example/x"),
    secret=Secret.of_text("whsec_Y2FuYXJ5LWhvb2stY2FuYXJ5LWhvb2st"),
)


def test_it_is_the_same_for_the_same_settings() -> None:
    same = replace(HOOK, url=Secret.of_text("https://hooks.example/x"))

    assert fingerprint_channel(same) == fingerprint_channel(HOOK)
    assert len(fingerprint_channel(HOOK)) == 64


def test_it_changes_with_a_setting_a_secret_and_the_kind() -> None:
    others = [
        replace(HOOK, fallback="log"),
        replace(HOOK, url=Secret.of_text("https://hooks.example/y")),
        replace(HOOK, secret=Secret.of_text(generate_secret())),
        Slack(url=Secret.of_text("https://hooks.example/x")),
    ]

    assert len({fingerprint_channel(one) for one in [HOOK, *others]}) == 5


def test_it_changes_when_the_file_of_a_secret_does(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(generate_secret())
    channel = replace(HOOK, secret=Secret.of_file(file))
    before = fingerprint_channel(channel)

    file.write_text(generate_secret())
    # Some file systems are too coarse to show that it is another time.
    os.utime(file, (1, 1))

    assert fingerprint_channel(channel) != before


def test_what_is_no_dataclass_has_one_too() -> None:
    assert len(fingerprint_channel(object())) == 64
