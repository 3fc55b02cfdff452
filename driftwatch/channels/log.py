"""Tell the log: for a first try, and where something else reads it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from driftwatch.channels.contract import Message, Outcome

__all__ = ["Log"]

_LOG = logging.getLogger(__name__)

_LEVELS: Final = {"critical": logging.ERROR, "major": logging.WARNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Write each notice as one line to the log: an error where it is critical, a warning where major."""

    fallback: str | None = field(default=None, metadata={"text": "the channel told when this one is dead"})

    def send(self, message: Message, now: datetime) -> Outcome:  # noqa: ARG002 - the log has its own clock.
        """Write the notice; it is always delivered."""
        level = logging.INFO if message.type == "incident.resolved" else _LEVELS.get(message.severity)
        _LOG.log(
            level or logging.INFO,
            "notice sent: %s %s: %s: %s",
            message.id,
            message.type if message.type == "digest" else f"{message.type} {message.severity}",
            _flatten(message.title),
            _flatten(message.text),
        )
        return Outcome(delivered=True)


def _flatten(text: str) -> str:
    # Names and values of data stand in it: none of them may start a line or a terminal sequence of its own.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
