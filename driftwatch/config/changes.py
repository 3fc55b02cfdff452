"""Which monitors keep their history under a new configuration, and which start another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from driftwatch.config.fingerprints import name_changed_parts
from driftwatch.config.loading import Config

__all__ = ["Change", "ChangeKind", "compare_identities"]


class ChangeKind(StrEnum):
    """What a new configuration does to a monitor."""

    ADDED = "added"  # It was not there before.
    KEPT = "kept"  # It goes on with its history, whatever else changed.
    RESTARTED = "restarted"  # It starts a new history.
    DETACHED = "detached"  # The new file does not name it: it is not judged, its state is kept.


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one monitor, and for a new history which parts brought it about."""

    monitor: str
    kind: ChangeKind
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = {
            ChangeKind.ADDED: "is new and starts its history",
            ChangeKind.KEPT: "keeps its history",
            ChangeKind.RESTARTED: f"starts a new history, because its {_join(self.parts)} changed",
            ChangeKind.DETACHED: "is detached: it is no longer judged, its history is kept",
        }
        return f"{self.monitor} {said[self.kind]}"


def compare_identities(known: Mapping[str, str], new: Config) -> tuple[Change, ...]:
    """Return what becomes of each monitor under `new`, in its order, then of those that it no longer names.

    `known` has the identities that the store has, by the monitors' ids.
    """
    changes = [_compare(monitor.id, known.get(monitor.id), monitor.identity) for monitor in new.monitors]
    named = {monitor.id for monitor in new.monitors}
    gone = [Change(monitor=name, kind=ChangeKind.DETACHED) for name in known if name not in named]
    return (*changes, *gone)


def _compare(monitor: str, old: str | None, new: str) -> Change:
    if old is None:
        return Change(monitor=monitor, kind=ChangeKind.ADDED)
    parts = name_changed_parts(old, new)
    return Change(monitor=monitor, kind=ChangeKind.RESTARTED if parts else ChangeKind.KEPT, parts=parts)


def _join(parts: tuple[str, ...]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
