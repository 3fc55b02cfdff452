from __future__ import annotations

from datetime import timedelta

from driftwatch.store.database import Database
from driftwatch.store.destinations import note_refusal
from driftwatch.store.outbox import DeliveryDraft, queue_delivery
from driftwatch.store.queues import list_queues
from tests.support.stored import NOW, make_ids

HOUR = timedelta(hours=1)


def test_queues_are_those_of_channels_that_wait_or_are_disabled(database: Database) -> None:
    make_id = make_ids()

    def fill(tx: object) -> None:
        for channel, age in (("hook", 2), ("hook", 1), ("oncall", 3)):
            draft = DeliveryDraft(channel=channel, type="delivery.test", body="{}")
            queue_delivery(tx, draft, make_id=make_id, now=NOW - age * HOUR)  # type: ignore[arg-type]  # The connection.
        note_refusal(tx, "mail", settings="s", reason="gone", now=NOW, at_once=True)  # type: ignore[arg-type]  # The connection.

    database.write(fill)

    queues = database.read(lambda tx: list_queues(tx, NOW))

    assert [(one.channel, one.pending, one.oldest_age) for one in queues] == [
        ("hook", 2, 2 * HOUR),
        ("mail", 0, None),
        ("oncall", 1, 3 * HOUR),
    ]
    assert [one.disabled.reason if one.disabled else None for one in queues] == [None, "gone", None]


def test_an_empty_outbox_has_no_queues(database: Database) -> None:
    assert database.read(lambda tx: list_queues(tx, NOW)) == []
