from __future__ import annotations

from driftwatch.calibration.budget import Budget
from driftwatch.incidents.rules import Judging
from driftwatch.store.database import Database
from tests.support.site import open_site
from tests.support.statements import count_statements


def test_how_it_was_worked_out_is_on_the_page_and_put_together_once(store: Database) -> None:
    site = open_site(store, judging=Judging(minimum_effect=0.02, budget=Budget()))
    site.live("....a")
    path = f"/incidents/{site.numbers[0]}"

    first = count_statements(lambda: site.get(path))
    again = count_statements(lambda: site.get(path))
    words = site.read(path)

    assert "How this was worked out It opened in the window of 2013-02-05. Score" in words
    assert "against a limit of" in words
    assert again <= first - 5
    site.live("a", first=6)
    assert "In the last window that shows it, 2013-02-06" in site.read(path)


def test_what_is_damaged_in_the_store_does_not_keep_the_page_away(store: Database) -> None:
    from driftwatch.store.tables import reference_columns

    site = open_site(store)
    site.live("..a")
    store.write(lambda tx: tx.execute(reference_columns.update().values(grid=b"damaged")))

    words = site.read(f"/incidents/{site.numbers[0]}")

    assert "That cannot be said any more" in words
    assert "What else changed" in words
