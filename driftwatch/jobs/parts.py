"""What the jobs work with, put together by `driftwatch.app`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from driftwatch.channels.contract import Channel
from driftwatch.jobs.clock import Clock, SystemClock
from driftwatch.jobs.kept_tracks import KeptTracks
from driftwatch.jobs.maintenance import GateRules
from driftwatch.jobs.reading import OwnReader, Reader
from driftwatch.jobs.renewals import Renewals
from driftwatch.jobs.traffic import Traffic
from driftwatch.store.database import Database
from driftwatch.triggers.contract import Trigger

__all__ = ["LEASE", "Parts", "build_id_maker"]

LEASE = timedelta(minutes=2)
"""How long what is claimed is kept from others: after a crash it is taken up again so much later.

Windows that take longer are renewed meanwhile; what else does is not lost: it stands unless somebody else
has claimed the same in the meantime.
"""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The store, the channels and triggers by their names in the configuration, the clock.

    `owner` names this process in claims, which hold for `lease`. `read_time` asks a transaction for the
    store's time; None where the clock is to be believed. `gate` is what the configuration says about when
    nobody is told, `traffic` what goes on at each destination. `reader` is who
    reads windows and references; `renewals` keep what is claimed. Links in messages begin with `public_url`;
    without it there are none.
    """

    database: Database
    channels: Mapping[str, Channel]
    triggers: Mapping[str, Trigger]
    owner: str
    clock: Clock = field(default_factory=SystemClock)
    make_id: Callable[[], str] = field(default_factory=lambda: build_id_maker(SystemClock()))
    lease: timedelta = LEASE
    read_time: Callable[[sa.Connection], datetime] | None = None
    gate: GateRules = field(default_factory=GateRules)
    traffic: Traffic = field(default_factory=Traffic)
    reader: Reader = field(default_factory=OwnReader)
    kept: KeptTracks = field(default_factory=KeptTracks)
    renewals: Renewals = field(default_factory=Renewals)
    public_url: str | None = None

    def link_incident(self, number: int) -> str | None:
        """Return the address of an incident's page, None where nobody said under which one it is reached."""
        return None if self.public_url is None else f"{self.public_url}/incidents/{number}"

    def tell_time(self, tx: sa.Connection) -> datetime:
        """Return the time by which claims and leases are measured: that of the store."""
        return self.clock.now() if self.read_time is None else self.read_time(tx)


def build_id_maker(clock: Clock) -> Callable[[], str]:
    """Return a maker of ULIDs: 26 characters that sort by time and are never the same twice.

    The form is that of https://github.com/ulid/spec: 48 bits of milliseconds, then 80 random bits.
    """

    def make_id() -> str:
        milliseconds = int(clock.now().timestamp() * 1000)
        number = (milliseconds << 80) | secrets.randbits(80)
        return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))

    return make_id
