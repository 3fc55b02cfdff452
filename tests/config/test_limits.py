from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.jobs.limits import Limits
from tests.support.config_files import SMALL, list_mistakes, load_text

MINUTE = timedelta(minutes=1)


def with_limits(file: str = "", monitor: str = "") -> str:
    """Return the small configuration with what the file and its monitor say of limits."""
    own = f"    limits: {monitor}\n" if monitor else ""
    return SMALL + own + (f"limits: {file}\n" if file else "")


def test_without_a_word_a_read_may_take_2_gib_5_minutes_of_cpu_and_10_minutes() -> None:
    assert load_text(SMALL).monitors[0].limits == Limits()
    assert Limits() == Limits(memory=2 * 1024**3, cpu=5 * MINUTE, wall=10 * MINUTE)


def test_a_monitor_overrides_the_file_setting_by_setting() -> None:
    limits = (
        load_text(with_limits("{memory: 512MiB, cpu: 1m}", "{memory: 8GiB, wall: 1h}")).monitors[0].limits
    )

    assert limits == Limits(memory=8 * 1024**3, cpu=MINUTE, wall=60 * MINUTE)


@pytest.mark.parametrize(
    ("file", "monitor", "mistake"),
    [
        ("{memory: 10MiB}", "", "limits.memory: memory wants at least 64 MiB, not 10 MiB"),
        ("", "{memory: 0GiB}", "monitors[0].limits.memory: memory wants at least 64 MiB, not 0 bytes"),
        ("{cpu: 0s}", "", "limits.cpu: cpu wants at least 1 second"),
        ("", "{wall: 0m}", "monitors[0].limits.wall: wall wants at least 1 second"),
        ("{memory: 2GB}", "", "limits.memory: wants a size"),
        ("{memory: 2}", "", "limits.memory: wants a size"),
        (
            "{memory: lots}",
            "",
            "limits.memory: wants a size, a whole number and a unit such as 512MiB or 2GiB",
        ),
        ("{wall: forever}", "", "limits.wall: wants a duration"),
        ("{disk: 2GiB}", "", "limits.disk: "),
        ("2GiB", "", "limits: wants keys (memory, cpu, wall)"),
    ],
)
def test_limits_within_which_nothing_can_be_read_are_mistakes_with_their_place(
    file: str, monitor: str, mistake: str
) -> None:
    (found,) = list_mistakes(with_limits(file, monitor))

    assert mistake in found


def test_changed_limits_start_no_new_history() -> None:
    before, after = load_text(SMALL), load_text(with_limits(monitor="{memory: 4GiB}"))

    assert before.monitors[0].identity == after.monitors[0].identity
    assert before.monitors[0].fingerprint != after.monitors[0].fingerprint
