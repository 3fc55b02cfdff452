from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.config import StarterFacts, write_starter
from driftwatch.errors import UsageError
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.times import TimeColumn
from tests.support.config_files import load_text

FACTS = StarterFacts(
    id="taxi",
    path="data/*.csv",
    time_column="pickup",
    window=timedelta(days=1),
    reference_from=datetime(2024, 1, 1, tzinfo=UTC),
    reference_to=datetime(2024, 2, 1, tzinfo=UTC),
    key=("id",),
)


def test_a_starter_for_files_loads_unedited() -> None:
    config = load_text(write_starter(FACTS), {})

    (monitor,) = config.monitors
    assert monitor.id == "taxi"
    assert monitor.columns == ColumnOptions(key=("id",), time=TimeColumn(columns=("pickup",)))
    assert monitor.reference.start == FACTS.reference_from
    assert monitor.reference.end == FACTS.reference_to
    assert monitor.notify == ("log",)
    assert config.warnings == ()


def test_a_starter_for_a_table_loads_unedited() -> None:
    facts = replace(FACTS, path=None, url="sqlite:///lake.db", table="trips", key=())

    (monitor,) = load_text(write_starter(facts), {}).monitors

    assert monitor.columns.key == ()
    assert getattr(monitor.source, "table", None) == "trips"


def test_the_editor_finds_the_schema_in_the_first_line() -> None:
    text = write_starter(replace(FACTS, schema="https://example.com/schema.json"))

    assert text.splitlines()[0] == "# yaml-language-server: $schema=https://example.com/schema.json"


def test_a_password_stays_out_of_the_file() -> None:
    facts = replace(
        FACTS, path=None, url="mysql://me:canary@db/x", table="t", store_url="postgresql://me:canary@db/s"
    )

    text = write_starter(facts)

    assert "canary" not in text
    variables = {
        "DRIFTWATCH_SOURCE_URL": "mysql://me:canary@db/x",
        "DRIFTWATCH_STORE_URL": "postgresql://db/s",
    }
    assert load_text(text, variables).store_url.reveal() == "postgresql://db/s"


def test_dates_stand_in_the_zone_of_the_monitor() -> None:
    facts = replace(
        FACTS,
        timezone="Europe/Paris",
        reference_from=datetime(2023, 12, 31, 23, tzinfo=UTC),
        reference_to=datetime(2024, 2, 1, 5, 30, tzinfo=UTC),
    )

    text = write_starter(facts)

    assert "reference: {from: 2024-01-01, to: 2024-02-01T05:30:00Z}" in text
    assert load_text(text, {}).monitors[0].reference.start == facts.reference_from


def test_every_commented_setting_is_known() -> None:
    lines = write_starter(FACTS).splitlines()
    uncommented = [line.replace("# ", "", 1) if _is_offer(line) else line for line in lines]
    environment = {
        "RETRAIN_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "SLACK_WEBHOOK_URL": "https://hooks.slack.example/x",
    }
    text = "\n".join(uncommented).replace("${file:/run/secrets/hook}", "${RETRAIN_SECRET}")

    (monitor,) = load_text(text, environment).monitors

    assert lines != uncommented
    assert monitor.owner == "data-platform"
    assert monitor.retrain is not None
    assert monitor.policy.freshness.page_after == timedelta(hours=6)
    assert monitor.columns.missing == (-999.0, "unknown")


def _is_offer(line: str) -> bool:
    word = line.lstrip("# ").split(" ")[0]
    return (
        line.lstrip().startswith("# ")
        and word.endswith(":")
        and word[:-1].isidentifier()
        and word[0].islower()
    )


@given(
    st.text(min_size=1, max_size=12),
    st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3, unique=True),
)
@settings(deadline=None)
def test_names_are_quoted_so_that_they_read_back(path: str, columns: list[str]) -> None:
    facts = replace(FACTS, path=path, time_column=tuple(columns[:1]), key=tuple(columns))

    (monitor,) = load_text(write_starter(facts), {}).monitors

    assert monitor.columns.key == tuple(columns)
    assert monitor.columns.time == TimeColumn(columns=tuple(columns[:1]))
    assert getattr(monitor.source, "path", None) == path


def test_a_starter_needs_a_place_to_read_from() -> None:
    with pytest.raises(UsageError, match="needs a file"):
        write_starter(replace(FACTS, path=None))
