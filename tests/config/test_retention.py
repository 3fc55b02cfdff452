from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.jobs.retention import Retention
from tests.support.config_files import SMALL, list_mistakes, load_text

DAY = timedelta(days=1)


def with_retention(file: str = "", monitor: str = "") -> str:
    """Return the small configuration with what the file and its monitor say of retention."""
    own = f"    retention: {monitor}\n" if monitor else ""
    return SMALL + own + (f"retention: {file}\n" if file else "")


def test_without_a_word_counts_are_kept_35_and_400_days_and_findings_two_years() -> None:
    config = load_text(SMALL)

    assert config.retention == config.monitors[0].retention == Retention()
    assert Retention() == Retention(full=35 * DAY, coarse=400 * DAY, findings=730 * DAY)


def test_a_monitor_overrides_the_file_setting_by_setting() -> None:
    config = load_text(with_retention("{full: 7d, findings: 3y}", "{full: 2w}"))

    assert config.retention == Retention(full=7 * DAY, findings=3 * 365 * DAY)
    assert config.monitors[0].retention == Retention(full=14 * DAY, findings=3 * 365 * DAY)


@pytest.mark.parametrize(
    ("file", "monitor", "mistakes"),
    [
        ("{full: 2y}", "", ["retention: coarse must not be shorter than full"]),
        ("{coarse: 3y}", "", ["retention: findings must not be shorter than coarse"]),
        ("{coarse: 2y}", "{full: 3y}", ["monitors[0].retention: coarse must not be shorter than full"]),
        ("", "{findings: 30d}", ["monitors[0].retention: findings must not be shorter than coarse"]),
        ("{full: 2y}", "{full: 7d}", ["retention: coarse must not be shorter than full"]),
        ("{rows: 30d}", "", ["retention.rows: "]),
        ("{full: forever}", "", ["retention.full: wants a duration"]),
        ("35d", "", ["retention: wants keys (full, coarse, findings)"]),
    ],
)
def test_lengths_that_do_not_fit_are_mistakes_with_their_place(
    file: str, monitor: str, mistakes: list[str]
) -> None:
    found = list_mistakes(with_retention(file, monitor))

    assert len(found) == len(mistakes)
    for line, wanted in zip(found, mistakes, strict=True):
        assert wanted in line


def test_a_changed_retention_starts_no_new_history() -> None:
    before, after = load_text(SMALL), load_text(with_retention(monitor="{full: 2w}"))

    assert before.monitors[0].identity == after.monitors[0].identity
    assert before.monitors[0].fingerprint != after.monitors[0].fingerprint
