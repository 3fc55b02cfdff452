"""Tell people: log, webhook, Slack.

A channel is one frozen dataclass: its fields are its settings, and `send` tries once to deliver. It keeps no
state and repeats nothing; the outbox does.
"""

from __future__ import annotations

from driftwatch.channels.contract import Channel, Message, Outcome
from driftwatch.channels.log import Log
from driftwatch.channels.slack import Slack
from driftwatch.channels.webhook import Webhook
from driftwatch.net.catalogue import Catalogue

__all__ = ["CHANNELS", "Channel", "Log", "Message", "Outcome", "Slack", "Webhook"]

CHANNELS: Catalogue[type[Channel]] = Catalogue(
    "driftwatch.channels", "send", {"log": Log, "slack": Slack, "webhook": Webhook}
)
