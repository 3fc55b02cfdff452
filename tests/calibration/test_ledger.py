"""The ledger tightens after pages, never loosens beyond the promise, and bounds pages whatever comes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.calibration.ledger import PRICE, enter_window, refund_page, use_level

_PROMISED = st.floats(0.001, 0.5)


@given(promised=_PROMISED, pages=st.lists(st.booleans(), max_size=200))
def test_the_level_is_never_more_than_was_promised(promised: float, pages: list[bool]) -> None:
    level = promised
    for paged in pages:
        level = enter_window(level, promised, paged=paged)
        assert level <= promised
        assert promised / 5 <= use_level(level, promised, hard_cap=False) <= promised


@given(promised=_PROMISED, wanted=st.lists(st.booleans(), max_size=600))
def test_under_a_hard_cap_pages_are_bounded_whatever_the_data_does(
    promised: float, wanted: list[bool]
) -> None:
    level, pages = promised, 0
    for would_page in wanted:
        paged = would_page and use_level(level, promised, hard_cap=True) > 0
        pages += paged
        level = enter_window(level, promised, paged=paged)

    assert pages <= promised * len(wanted) + 1 + promised / PRICE


def test_a_page_costs_and_quiet_windows_pay_it_back() -> None:
    promised = 1 / 30
    level = enter_window(promised, promised, paged=True)
    quiet = 0
    while level < promised - 1e-12:
        level = enter_window(level, promised, paged=False)
        quiet += 1

    assert quiet == 29


def test_a_page_that_was_right_costs_nothing() -> None:
    promised = 0.05
    after = enter_window(promised, promised, paged=True)

    assert refund_page(after, promised) == pytest.approx(promised, rel=0.03)
    assert refund_page(promised, promised) == promised
    assert refund_page(-0.03, promised) == pytest.approx(-0.01)


def test_only_a_hard_cap_can_be_spent() -> None:
    assert use_level(-1.0, 0.05, hard_cap=True) == 0.0
    assert use_level(-1.0, 0.05, hard_cap=False) == pytest.approx(0.01)
    assert use_level(math.inf, 0.05, hard_cap=True) == 0.05
