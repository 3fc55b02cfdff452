from datetime import timedelta

import pytest

from driftwatch.calibration.budget import Budget, FalsePages


def test_hourly_windows_at_one_page_a_month_need_1440_windows() -> None:
    assert Budget(window=timedelta(hours=1), cycle=24).needed == 1440


def test_a_share_of_the_promise_makes_the_level_smaller() -> None:
    assert Budget(share=0.25).level == pytest.approx(1 / 120)


def test_a_window_longer_than_the_period_is_told_at_most_every_second_time() -> None:
    assert Budget(window=timedelta(days=90), cycle=4).level == 0.5


@pytest.mark.parametrize("promise", [{"at_most": 0.0}, {"at_most": -1.0}, {"per": timedelta(0)}])
def test_a_promise_of_nothing_is_refused(promise: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="more than"):
        FalsePages(**promise)  # type: ignore[arg-type]
