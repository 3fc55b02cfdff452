from __future__ import annotations

from collections import Counter

import pytest

from driftwatch.statistics.change import find_change
from driftwatch.statistics.change_kind import Change, ChangeKind
from tests.support.columns import pair_categories

USUAL = Counter({"FR": 500, "US": 300, "DE": 150, "IT": 40, "CH": 10})


def see(moved: dict[str, int], usual: Counter[str] = USUAL, *, max_names: int = 1000) -> Change:
    found = find_change(*pair_categories(usual.elements(), Counter(moved).elements(), max_names=max_names))
    assert found is not None
    return found


def test_a_name_that_another_took_the_place_of_is_a_rename_to_a_name_nobody_knows() -> None:
    found = see({"FR": 510, "USA": 295, "DE": 145, "IT": 42, "CH": 8})

    assert (found.kind, found.name, found.new_name, found.names) == (ChangeKind.RENAME, "US", None, 1)
    assert found.usual_share == pytest.approx(0.3)
    assert found.explained > 0.9


def test_a_rename_to_a_rare_name_of_the_reference_names_it() -> None:
    found = see({"FR": 500, "CH": 305, "DE": 155, "IT": 40})

    assert (found.kind, found.name, found.new_name) == (ChangeKind.RENAME, "US", "CH")


def test_all_names_in_another_spelling_are_a_rename_of_all() -> None:
    found = see({name.lower(): rows for name, rows in USUAL.items() if rows > 20})

    assert (found.kind, found.name, found.names, found.share) == (ChangeKind.RENAME, "FR", 4, 1)


def test_a_name_that_is_gone_while_the_others_are_as_before_is_no_rename() -> None:
    found = see({"FR": 500, "DE": 150, "IT": 40, "CH": 10})

    assert (found.kind, found.name, found.share) == (ChangeKind.MIX, "US", 0)


def test_a_usual_name_that_takes_the_rows_of_another_is_no_rename() -> None:
    found = see({"FR": 800, "DE": 150, "IT": 40, "CH": 10})

    assert found.kind is ChangeKind.MIX


def test_a_rare_name_on_top_of_the_others_is_a_flood() -> None:
    found = see({**USUAL, "CH": 400})

    assert (found.kind, found.name) == (ChangeKind.FLOOD, "CH")
    assert (found.share, found.usual_share) == pytest.approx((400 / 1390, 0.01))


def test_a_new_name_on_top_of_the_others_is_a_flood_without_a_name() -> None:
    found = see({**USUAL, "unknown": 400})

    assert (found.kind, found.name, found.usual_share) == (ChangeKind.FLOOD, None, 0)


def test_a_usual_name_that_grew_is_another_mix() -> None:
    found = see({**USUAL, "US": 700})

    assert (found.kind, found.name) == (ChangeKind.MIX, "US")
    assert (found.share, found.usual_share) == pytest.approx((0.5, 0.3))


def test_names_beyond_the_cap_have_no_name() -> None:
    found = see({"FR": 100, "US": 10, "DE": 800}, max_names=1)

    assert found.kind is ChangeKind.MIX
    assert found.name in {"FR", None}


def test_true_and_false_are_a_mix() -> None:
    found = see({"true": 50, "false": 450}, Counter({"true": 500, "false": 500}))

    assert (found.kind, found.name) == (ChangeKind.MIX, "false")
