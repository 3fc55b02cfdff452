"""What waits for each destination, for people."""

from __future__ import annotations

from collections.abc import Sequence

from driftwatch.cli.printing import print_lines, say_age, say_stamp
from driftwatch.store.queues import Queue

__all__ = ["print_queues"]


def print_queues(queues: Sequence[Queue]) -> None:
    """Print how much waits for each destination and since when, and what enables the disabled ones."""
    for one in queues:
        oldest = "" if one.oldest_age is None else f", the oldest for {say_age(one.oldest_age)}"
        if one.pending:
            print_lines(f"Channel {one.channel}: {one.pending} waiting{oldest}.")
        if one.disabled is not None:
            next_at = "" if one.disabled.next_at is None else say_stamp(one.disabled.next_at)
            print_lines(
                f"Channel {one.channel} is disabled ({one.disabled.reason}); it is tried at {next_at}. "
                f"`driftwatch delivery retry --channel {one.channel}` enables it."
            )
