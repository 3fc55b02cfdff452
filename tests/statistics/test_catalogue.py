from __future__ import annotations

import pytest

from driftwatch.profiles.counts import Counts
from driftwatch.statistics import Statistic, entries, entry
from driftwatch.statistics.catalogue import statistic


def test_every_statistic_is_found_by_its_name_and_says_what_it_is() -> None:
    for found in entries():
        assert entry(found.name) is found
        assert (found.function.__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            "number",
            {"ks", "psi", "total_variation", "jensen_shannon", "hellinger", "wasserstein", "range_share"},
        ),
        ("category", {"chi_square", "psi", "total_variation", "jensen_shannon", "hellinger", "unseen_share"}),
    ],
)
def test_a_kind_of_column_has_its_statistics(kind: str, names: set[str]) -> None:
    found = {found.name for found in entries() if kind in found.kinds}

    assert names <= found
    assert {"missing_share", "moved_share", "unreadable_share"} <= found


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no statistic 'kolmogorov'.*hellinger.*psi"):
        entry("kolmogorov")


def test_two_statistics_of_one_name_are_refused() -> None:
    def psi(reference: Counts, current: Counts) -> Statistic:
        """Say nothing."""
        return Statistic(value=0.0)

    with pytest.raises(ValueError, match="two statistics are called 'psi'"):
        statistic()(psi)
