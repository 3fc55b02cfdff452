from __future__ import annotations

import pytest

from driftwatch.jobs.messages import read_message
from driftwatch.store.database import Database
from tests.support.monitors import set_up


@pytest.mark.parametrize("public_url", [None, "https://drift.example.com/watch"])
def test_a_message_leads_to_the_page_of_its_incident_where_it_is_known_how_to_reach_it(
    store: Database, public_url: str | None
) -> None:
    bench = set_up(store, parts=[("public_url", public_url)])

    bench.live("..a")

    (row,), (incident,) = bench.deliveries(), bench.incidents()
    wanted = None if public_url is None else f"https://drift.example.com/watch/incidents/{incident.id}"
    assert read_message(row).payload["data"]["url"] == wanted
