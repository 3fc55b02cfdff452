from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from driftwatch.channels.contract import Message
from driftwatch.channels.log import Log

NOW = datetime(2013, 2, 10, tzinfo=UTC)


def build_message(severity: str = "major", kind: str = "incident.opened", text: str = "It moved.") -> Message:
    return Message(
        id="01J", type=kind, timestamp=NOW, severity=severity, title="dep_delay drifted", text=text
    )


@pytest.mark.parametrize(
    ("severity", "kind", "level"),
    [
        ("critical", "incident.opened", logging.ERROR),
        ("major", "incident.updated", logging.WARNING),
        ("minor", "incident.opened", logging.INFO),
        ("critical", "incident.resolved", logging.INFO),
    ],
)
def test_a_notice_is_one_line_at_the_level_of_its_severity(
    severity: str, kind: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        outcome = Log().send(build_message(severity, kind), NOW)

    (record,) = caplog.records
    assert outcome.delivered
    assert record.levelno == level
    assert record.getMessage() == f"notice sent: 01J {kind} {severity}: dep_delay drifted: It moved."


def test_a_digest_is_neither_good_nor_bad(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Log().send(build_message("minor", "digest", "Nobody was told.\n- incident 7"), NOW)

    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.getMessage() == "notice sent: 01J digest: dep_delay drifted: Nobody was told. - incident 7"


def test_no_name_in_the_data_starts_a_line_or_a_terminal_sequence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Log().send(build_message(text="a\r\nERROR forged\x1b[2J\u2028b\x85c"), NOW)

    line = caplog.records[0].getMessage()
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert "ERROR forged" in line
