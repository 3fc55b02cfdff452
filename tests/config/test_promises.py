"""Every setting of the false-alarm budget changes what it is about, and nothing that is set is ignored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.config import Config
from driftwatch.jobs.monitor import Rolling
from tests.support.config_files import SMALL, list_mistakes, load_text

_DAY = timedelta(days=1)


def with_lines(*lines: str, defaults: str = "") -> str:
    """Return the small configuration with more lines for its monitor, and a line of defaults."""
    return SMALL.replace("monitors:\n", f"{defaults}\nmonitors:\n") + "".join(
        f"    {line}\n" for line in lines
    )


def add_monitor(text: str, name: str, *lines: str) -> str:
    """Return the configuration with a second monitor like the first."""
    head, first = SMALL.split("  - id: one\n")
    assert head
    return f"{text}  - id: {name}\n{first}" + "".join(f"    {line}\n" for line in lines)


def budgets(text: str) -> dict[str, Budget | None]:
    config: Config = load_text(text)
    return {monitor.id: monitor.judging.budget for monitor in config.monitors}


def budget(text: str) -> Budget:
    found = budgets(text)["one"]
    assert found is not None
    return found


def test_one_page_in_thirty_days_is_promised_where_nothing_is_said() -> None:
    assert budget(SMALL) == Budget()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("false_pages: {at_most: 2}", Budget(promise=FalsePages(at_most=2.0))),
        ("false_pages: {per: 7d}", Budget(promise=FalsePages(per=7 * _DAY))),
        ("false_pages: {at_most: 0.5, per: 90d}", Budget(promise=FalsePages(at_most=0.5, per=90 * _DAY))),
        ("false_pages: {hard_cap: true}", Budget(hard_cap=True)),
        ("must_see: 0.1", Budget(must_see=0.1)),
        ("columns: {importance: {amount: 2, noise: 0}}", Budget(weights={"amount": 2.0, "noise": 0.0})),
    ],
)
def test_each_setting_is_in_the_budget(line: str, wanted: Budget) -> None:
    assert budget(with_lines(line)) == wanted


@pytest.mark.parametrize(
    ("window", "length", "cycle"),
    [
        ("1m", timedelta(minutes=1), 96),
        ("15m", timedelta(minutes=15), 96),
        ("1h", timedelta(hours=1), 24),
        ("6h", timedelta(hours=6), 4),
        ("1d", _DAY, 7),
    ],
)
def test_the_budget_follows_the_windows(window: str, length: timedelta, cycle: int) -> None:
    found = budget(SMALL.replace("window: 1d", f"window: {window}"))

    assert (found.window, found.cycle) == (length, cycle)
    assert found.level == pytest.approx(length / (30 * _DAY))


def test_monitors_of_short_windows_are_calibrated_at_different_times_and_others_together() -> None:
    short = SMALL.replace("window: 1d", "window: 1m")
    phases = {
        found.phase
        for number in range(20)
        for found in budgets(short.replace("id: one", f"id: m{number}")).values()
        if found is not None
    }

    assert len(phases) > 10
    assert phases <= set(range(96))
    assert budget(SMALL.replace("window: 1d", "window: 15m")).phase == 0


def test_minimum_effect_is_the_second_key_and_no_part_of_the_budget() -> None:
    (monitor,) = load_text(with_lines("minimum_effect: 0.05")).monitors

    assert monitor.judging.minimum_effect == 0.05
    assert monitor.judging.budget == Budget()


def test_explicit_rules_alone_need_no_budget() -> None:
    rules = "rules: [{column: amount, statistic: psi, limit: 0.2}]"

    assert budgets(with_lines(rules)) == {"one": None}
    assert budgets(with_lines(rules, "minimum_effect: 0.02")) == {"one": Budget()}
    assert budgets(with_lines(rules, "false_pages: {at_most: 1}")) == {"one": Budget()}


def test_a_default_promise_is_each_monitors() -> None:
    text = with_lines(defaults="defaults: {false_pages: {at_most: 4, per: 28d}}")

    found = budgets(add_monitor(text, "two"))

    wanted = Budget(promise=FalsePages(at_most=4.0, per=28 * _DAY))
    assert found == {"one": wanted, "two": wanted}


def test_a_promise_of_the_fleet_is_divided_among_those_without_one_of_their_own() -> None:
    text = with_lines(defaults="defaults: {false_pages: {at_most: 4, hard_cap: true}, share: fleet}")
    text = add_monitor(text, "two")
    text = add_monitor(text, "own", "false_pages: {at_most: 1}")
    text = add_monitor(text, "ruled", "rules: [{column: amount, statistic: psi, limit: 0.2}]")

    found = budgets(text)

    shared = Budget(promise=FalsePages(at_most=4.0), share=0.5, hard_cap=True)
    assert found == {"one": shared, "two": shared, "own": Budget(), "ruled": None}
    of_fleet = [one for one in (found["one"], found["two"]) if one is not None]
    assert sum(one.level for one in of_fleet) == pytest.approx(4 / 30)


def test_a_fleet_of_one_has_all_of_the_promise() -> None:
    assert budget(with_lines(defaults="defaults: {false_pages: {at_most: 1}, share: fleet}")) == Budget()


def test_a_fleet_shares_the_usual_promise_where_no_other_is_made() -> None:
    found = budgets(add_monitor(with_lines(defaults="defaults: {share: fleet}"), "two"))

    assert found == {"one": Budget(share=0.5), "two": Budget(share=0.5)}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("false_pages: {at_most: 0}", "at_most"),
        ("false_pages: {at_most: -1}", "at_most"),
        ("false_pages: {per: 0d}", "per"),
        ("false_pages: {at_most: 1, pre: 7d}", "pre"),
        ("false_pages: {hard_cap: maybe}", "hard_cap"),
        ("must_see: 0", "must_see"),
        ("must_see: 1.5", "must_see"),
        ("columns: {importance: {amount: -1}}", "importance"),
    ],
)
def test_what_cannot_be_kept_is_a_mistake_with_its_place(line: str, said: str) -> None:
    (mistake,) = list_mistakes(with_lines(line))

    assert said in mistake


@pytest.mark.parametrize(
    "line",
    [
        "false_pages: {at_most: 2}",
        "false_pages: {hard_cap: true}",
        "must_see: 0.1",
        "columns: {importance: {a: 2}}",
    ],
)
def test_a_change_of_the_budget_is_a_change_of_the_configuration(line: str) -> None:
    (before,), (after,) = load_text(SMALL).monitors, load_text(with_lines(line)).monitors

    assert before.fingerprint != after.fingerprint
    assert before.identity == after.identity, "it is the same data: its history goes on"


def test_a_rolling_reference_beside_the_pinned_one_has_half_of_the_promise() -> None:
    both = "reference: {from: 2013-01-01, to: 2013-02-01, last: 28d, gap: 3d}"
    text = SMALL.replace("reference: {from: 2013-01-01, to: 2013-02-01}", both)
    assert both in text
    (alone,), (halved,) = load_text(SMALL).monitors, load_text(text).monitors

    assert alone.judging.budget is not None
    assert halved.judging.budget is not None
    assert halved.judging.budget.level == alone.judging.budget.level / 2
    assert halved.judging.budget.needed == 2 * alone.judging.budget.needed
    assert halved.reference.beside == Rolling(last=timedelta(days=28), gap=timedelta(days=3))
    assert (halved.reference.rolling, halved.reference.start) == (None, alone.reference.start)


def test_what_is_excepted_may_lie_in_what_rolls_beside_the_pinned_reference() -> None:
    later = "except: [{from: 2013-03-01, to: 2013-03-03, why: a strike}]"
    pinned = "reference: {from: 2013-01-01, to: 2013-02-01"
    text = SMALL.replace(f"{pinned}}}", f"{pinned}, last: 28d, {later}}}")
    (monitor,) = load_text(text).monitors

    assert [one.why for one in monitor.reference.excluded] == ["a strike"]
    (mistake,) = list_mistakes(text.replace("last: 28d, ", ""))
    assert "lies outside the reference" in mistake
