"""Many notices at once for a channel that takes one a second."""

from __future__ import annotations

from datetime import timedelta

from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.messages import build_test_body
from driftwatch.store.database import Database
from driftwatch.store.outbox import DeliveryDraft, list_deliveries, queue_delivery
from tests.support.clocks import FakeClock
from tests.support.monitors import FakeChannel, due, make_parts

SECOND = timedelta(seconds=1)
NOTICES, DIGESTS, SECONDS = 200, 50, 120


class OneASecond(FakeChannel):
    """Counts as Slack does."""

    per_second = 1.0


def test_a_burst_keeps_to_the_rate_starves_nobody_and_lets_digests_wait(store: Database) -> None:
    slow, quick = OneASecond(), FakeChannel()
    clock = FakeClock(due(1))
    parts = make_parts(store, clock, channels={"slack": slow, "hook": quick})

    def fill(tx: object) -> None:
        kinds = [("digest", "slack")] * DIGESTS + [("delivery.test", "slack")] * NOTICES
        for kind, channel in [*kinds, *[("delivery.test", "hook")] * NOTICES]:
            draft = DeliveryDraft(channel=channel, type=kind, body=build_test_body(channel, due(1)))
            queue_delivery(tx, draft, make_id=parts.make_id, now=due(1))  # type: ignore[arg-type]  # The connection.

    store.write(fill)
    for _ in range(SECONDS):
        deliver_due(parts, waits=False)
        clock.advance(SECOND)

    types = {row.id: row.type for row in store.read(list_deliveries)}
    assert SECONDS - 1 <= len(slow.sent) <= SECONDS + 1
    assert {types[message.id] for message in slow.sent} == {"delivery.test"}
    # The other channel had all of its own in the first second.
    assert len(quick.sent) == NOTICES
    assert set(quick.sent_at) == {due(1)}
