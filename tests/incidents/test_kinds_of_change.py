from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import ArrayLike

from driftwatch.incidents.advance import advance
from driftwatch.incidents.describe import describe_incident
from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.judge import judge
from driftwatch.incidents.kinds_of_change import find_story, say_change
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.profiles.build import build_reference, count_rows
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.statistics.change import find_change
from driftwatch.statistics.change_kind import Change, ChangeKind
from tests.support.columns import pair_categories, pair_numbers
from tests.support.incidents import day, make_policy

RNG = np.random.default_rng(5)
USUAL = RNG.normal(100, 15, 4000)
FRESH = RNG.normal(100, 15, 1000)


def describe(reference: ArrayLike, current: ArrayLike, **options: Any) -> str | None:
    ours, theirs = pair_numbers(reference, current, **options)
    return tell(Pair(column="amount", reference=ours, current=theirs))


def tell(pair: Pair) -> str | None:
    story = find_story(pair)
    return None if story is None else say_change(story)


def say(kind: ChangeKind, **numbers: Any) -> str | None:
    return say_change(Change(kind=kind, explained=1, **numbers))


def test_the_sentences_of_numbers() -> None:
    assert describe(USUAL, FRESH) is None
    assert describe(USUAL, FRESH * 1000) == "values look multiplied by 1,000"
    assert describe(USUAL, FRESH / 10) == "values look divided by 10"
    assert describe(USUAL, np.append(FRESH, [-999.0] * 250)) == (
        "20 % of the values are exactly -999, against none in the reference"
    )
    assert describe(USUAL, np.append(FRESH, [math.nan] * 250)) == (
        "20 % of the rows have no value, against none in the reference"
    )
    assert describe(USUAL, np.minimum(FRESH, 110.5)) == (
        "nothing lies above 110.5 any more, where 25 % of the reference does"
    )
    moved = describe(USUAL, FRESH + 40)
    assert moved is not None
    assert moved.startswith("typical values moved from 101 to 1")


def test_the_sentences_of_names() -> None:
    usual, renamed = ["FR"] * 600 + ["US"] * 300 + ["DE"] * 100, ["FR"] * 610 + ["USA"] * 295 + ["DE"] * 95
    ours, theirs = pair_categories(usual, renamed)

    assert tell(Pair(column="country", reference=ours, current=theirs)) == (
        "`US` has vanished; as many rows have a name the reference never had"
    )


def test_of_dates_only_missing_ones_are_told() -> None:
    assert describe(USUAL, FRESH + 40, kind="time") is None
    assert describe(USUAL, [math.nan] * 50, kind="time") == (
        "no row has a value, against none without one in the reference"
    )


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        (
            {"kind": ChangeKind.SHIFT, "before": 41_000, "after": 36_000, "factor": 1.52},
            "typical values moved from 41,000 to 36,000 and lie 1.5 times as far apart",
        ),
        (
            {"kind": ChangeKind.SHIFT, "before": 290.12, "after": 290.41, "factor": 1.0},
            "typical values moved from 290.12 to 290.41",
        ),
        ({"kind": ChangeKind.SHIFT, "factor": 1.0}, "values moved"),
        (
            {"kind": ChangeKind.SCALE, "before": 10.0, "after": 13.0, "factor": 1.3, "offset": 0.0},
            "values are about 1.3 times what they were: typical ones moved from 10 to 13",
        ),
        (
            {"kind": ChangeKind.SCALE, "before": 10.0, "after": 9150.0, "factor": 915.0, "offset": 0.0},
            "values are about 915 times what they were: typical ones moved from 10 to 9,150",
        ),
        (
            {"kind": ChangeKind.SCALE, "before": 10.0, "after": 10.0, "factor": 0.5, "offset": 5.0},
            "values lie 0.5 times as far apart as before, around 10",
        ),
        ({"kind": ChangeKind.UNIT, "factor": 1.8, "offset": 32.0}, "values look converted from °C to °F"),
        ({"kind": ChangeKind.UNIT, "factor": -1.0, "offset": 0.0}, "values have changed their sign"),
        (
            {"kind": ChangeKind.UNIT, "factor": 1.0, "offset": -273.15},
            "values look lowered by 273.15, as from K to °C",
        ),
        (
            {"kind": ChangeKind.FLOOD, "value": 99.96, "is_exact": False, "share": 0.2, "usual_share": 0.01},
            "20 % of the values are about 99.96, against 1 % in the reference",
        ),
        (
            {"kind": ChangeKind.FLOOD, "value": -math.inf, "share": 0.2, "usual_share": 0.0},
            "20 % of the values are infinite, against none in the reference",
        ),
        (
            {"kind": ChangeKind.FLOOD, "name": "N/K", "share": 0.2, "usual_share": 0.0},
            "20 % of the values are `N/K`, against none in the reference",
        ),
        (
            {"kind": ChangeKind.FLOOD, "share": 0.2, "usual_share": 0.0},
            "20 % of the values are names the reference never had",
        ),
        (
            {"kind": ChangeKind.TRUNCATION, "value": 80.0, "share": 0.12, "is_above": False},
            "nothing lies below 80 any more, where 12 % of the reference does",
        ),
        (
            {"kind": ChangeKind.RENAME, "name": "US", "new_name": "USA"},
            "`US` has vanished; `USA` has as many more rows",
        ),
        (
            {"kind": ChangeKind.RENAME, "name": "US", "names": 3},
            "`US` and 2 other names have vanished; as many rows have a name the reference never had",
        ),
        (
            {"kind": ChangeKind.MIX, "name": "DL", "share": 0.3, "usual_share": 0.2},
            "`DL` went from 20 % to 30 % of the values",
        ),
        (
            {"kind": ChangeKind.MIX, "name": "DL", "share": 0.0, "usual_share": 0.2},
            "`DL` had 20 % of the values and has vanished",
        ),
        (
            {"kind": ChangeKind.MIX, "share": 0.3, "usual_share": 0.0},
            "the rarer names went from none to 30 % of the values",
        ),
        ({"kind": ChangeKind.OTHER}, None),
    ],
)
def test_each_change_is_one_plain_sentence(numbers: dict[str, Any], text: str | None) -> None:
    assert say_change(Change(explained=1, **numbers)) == text


def test_every_unit_that_is_found_has_words() -> None:
    from driftwatch.statistics.affine import UNITS

    said = {say(ChangeKind.UNIT, factor=unit.factor, offset=unit.offset) for unit in UNITS}

    assert len(said) == len(UNITS)
    assert not any(text is None or text[-4:] == "by 1" or "by 0" in text for text in said)


def test_a_long_name_is_cut_and_stays_on_its_line() -> None:
    change = Change(kind=ChangeKind.MIX, explained=1, name="x\n" * 100, share=0.3, usual_share=0.1)

    told = say_change(replace(change))

    assert told is not None
    assert len(told) < 120
    assert "\n" not in told


TOLD: Final[Mapping[ChangeKind, Callable[[Any], Any]]] = {
    ChangeKind.SHIFT: lambda usual: usual + 5.0,
    ChangeKind.UNIT: lambda usual: usual * 1000.0,
    ChangeKind.FLOOD: lambda usual: np.where(np.arange(len(usual)) % 3 == 0, -999.0, usual),
    ChangeKind.TRUNCATION: lambda usual: np.minimum(usual, 100.5),
    ChangeKind.MIX: lambda _: np.repeat(["a", "b", "c"], [700, 1000, 1300]),
    ChangeKind.RENAME: lambda names: np.where(names == "a", "A", names),
}


@pytest.mark.parametrize("kind", TOLD)
@pytest.mark.parametrize("rules", [(), (Rule(column="*", statistic="psi", limit=0.01),)])
def test_each_kind_is_told_to_everyone_and_beside_the_numbers(
    kind: ChangeKind, rules: tuple[Rule, ...]
) -> None:
    rng = np.random.default_rng(3)
    is_name = kind in {ChangeKind.MIX, ChangeKind.RENAME}
    usual = np.repeat(["a", "b", "c"], [1300, 1000, 700]) if is_name else rng.normal(100.0, 1.0, 3000)
    reference = build_reference([(None, pa.table({"x": usual}))], ColumnOptions())
    profile = count_rows(reference.grids, pa.table({"x": TOLD[kind](usual)}), ColumnOptions())
    judging = Judging(minimum_effect=None if rules else 0.02, rules=rules)

    verdict = judge(reference, profile, window=day(8), judging=judging)
    step = advance(
        None, verdict, make_policy(), kind=IncidentKind.DRIFT, monitor="m", now=day(9).start, telling=True
    )
    assert step.incident is not None
    (member,) = step.incident.members
    _, text = describe_incident(step.incident, MonitorFacts(id="m"))

    change = find_change(reference.total.columns["x"], profile.columns["x"])
    assert change is not None
    assert change.kind is kind
    said = say_change(change)
    assert said is not None
    assert said in member.text
    assert member.plain is not None
    assert member.plain in text.partition("In numbers")[0]
