from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from driftwatch.app import open_app
from driftwatch.config.loading import Config
from driftwatch.daemon.daemon import Daemon
from driftwatch.net.secrets import Secret
from driftwatch.store.outbox import DeliveryDraft, queue_delivery
from driftwatch.store.tables import deliveries
from tests.support.clocks import FakeClock
from tests.support.incidents import day
from tests.support.monitors import due


def test_a_daemon_prunes_the_store_every_hour(tmp_path: Path) -> None:
    config = Config(
        store_url=Secret.of_text(f"sqlite:///{tmp_path / 'store.db'}"),
        channels={},
        triggers={},
        monitors=(),
        fingerprint="config-1",
    )
    app = open_app(config, clock=FakeClock(day(1000).start))
    app.apply_config()

    def queue(tx: sa.Connection) -> None:
        draft = DeliveryDraft(channel="oncall", type="digest", body="{}")
        queue_delivery(tx, draft, make_id=lambda: "told-1", now=due(1))
        tx.execute(sa.update(deliveries).values(state="delivered"))

    app.database.write(queue)
    daemon = Daemon(app, lambda: config)
    job = next(job for job in daemon._ticks._scheduler.get_jobs() if job.id == "prune")

    job.func()

    assert job.trigger.interval == timedelta(hours=1)
    assert app.database.read(lambda tx: tx.execute(sa.select(deliveries)).all()) == []
    app.close()
