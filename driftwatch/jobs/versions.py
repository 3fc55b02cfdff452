"""Versions of a reference beside one another: what tells two apart, and what promoting one would come to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from driftwatch.errors import UsageError
from driftwatch.incidents.compared import compare_columns
from driftwatch.incidents.stamps import read_stamp
from driftwatch.jobs.cases import Case, build_cases
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.plan import plan_windows
from driftwatch.jobs.promotion import need_row
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.regridding import move_counts
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.incidents import open_incidents
from driftwatch.store.references import ReferenceRow, ReferenceState, list_references, load_reference

__all__ = [
    "Difference",
    "Effects",
    "compare_versions",
    "fingerprint_reference",
    "foresee_promotion",
    "need_version",
]

_ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One column of two versions: how far the second is from the first, None where that has no meaning.

    `why` says so then: it is in one of them only, or of another kind in each.
    """

    column: str
    moved_share: float | None = None
    ks: float | None = None
    psi: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What promoting `version` comes to: `active` judges no more, `ends` end, and so many windows are owed.

    `history` is the number of the one that begins. Nothing changes where the version is active already.
    """

    version: ReferenceRow
    active: ReferenceRow | None
    ends: tuple[Case, ...]
    owed: int
    history: int

    @property
    def changes_nothing(self) -> bool:
        """Whether the version judges already."""
        return self.version.state is ReferenceState.ACTIVE


def need_version(parts: Parts, monitor: Monitor, version: int) -> Reference:
    """Return a version of the monitor's reference. Raises UsageError where there is none."""
    row = parts.database.read(lambda tx: need_row(tx, monitor))
    found = parts.database.read(lambda tx: load_reference(tx, row, version))
    if found is None:
        raise UsageError(f"{monitor.id} has no reference version {version}")
    return found


def fingerprint_reference(reference: Reference) -> str:
    """Return 64 hex digits that differ where any grid or count of two references differs."""
    digest = hashlib.sha256()
    for name, grid in sorted(reference.grids.items()):
        digest.update(f"{len(name)}|{name}|{grid.fingerprint}|".encode("utf-8", "surrogatepass"))
    for block in reference.blocks:
        digest.update(f"|{block.window}|{block.profile.rows}|".encode())
        for name, counts in sorted(block.profile.columns.items()):
            digest.update(f"{len(name)}|{name}|".encode("utf-8", "surrogatepass"))
            digest.update(counts.cells.astype("<i8").tobytes())
    return digest.hexdigest()


def compare_versions(one: Reference, other: Reference) -> list[Difference]:
    """Return every column of two references, those that differ most first.

    What was counted on another grid is moved to that of the first, as `move_counts` says.
    """
    first, second = one.total, other.total
    moved: dict[str, Counts] = {}
    odd: list[Difference] = []
    for name in sorted({*first.columns, *second.columns}):
        why, counts = _place(name, first, second)
        if counts is None:
            odd.append(Difference(column=name, why=why))
        else:
            moved[name] = counts
    usual = replace(first, columns={name: first.columns[name] for name in moved}, absent=frozenset())
    current = replace(second, columns=moved, absent=frozenset(), extra=frozenset())
    found = compare_columns(usual, current, alpha=_ALPHA)
    same = [
        Difference(
            column=name,
            moved_share=found.moved_shares.get(name),
            ks=_pick(found.statistics.get(name, {}).get("ks")),
            psi=_pick(found.statistics.get(name, {}).get("psi")),
        )
        for name in moved
    ]
    return [*odd, *sorted(same, key=lambda each: (-(each.moved_share or 0.0), -(each.psi or 0.0)))]


def _place(name: str, first: Profile, second: Profile) -> tuple[str, Counts | None]:
    if name not in first.columns or name not in second.columns:
        return f"only in the {'second' if name in second.columns else 'first'}", None
    moved = move_counts(second.columns[name], first.columns[name].grid)
    return "" if moved else "of another kind in each", moved


def _pick(statistic: Statistic | None) -> float | None:
    return None if statistic is None else statistic.value


def foresee_promotion(parts: Parts, monitor: Monitor, version: int | None = None) -> Effects:
    """Return what promoting `version` would come to; of the one that judged before where it is None.

    Raises UsageError where there is no such version, or where none judged before.
    """

    def read(tx: sa.Connection) -> Effects:
        row = need_row(tx, monitor)
        known = [one for one in list_references(tx, row) if one.history == row.history]
        chosen = _choose(monitor, known, version)
        end = chosen.spec.get("to")
        now = parts.clock.now()
        owed = plan_windows(
            monitor,
            newest=None,
            started_at=now,
            now=now,
            reference_end=None if end is None else read_stamp(end),
        )
        stored = [one for one in open_incidents(tx, row) if one.opened_at is not None]
        return Effects(
            version=chosen,
            active=next((one for one in known if one.state is ReferenceState.ACTIVE), None),
            ends=tuple(build_cases(stored, [monitor])),
            owed=len(owed.due),
            history=row.history + 1,
        )

    return parts.database.read(read)


def _choose(monitor: Monitor, known: Sequence[ReferenceRow], version: int | None) -> ReferenceRow:
    if version is None:
        retired = [one for one in known if one.state is ReferenceState.RETIRED and one.promoted_at]
        if not retired:
            raise UsageError(f"{monitor.id}: no other reference version was active before")
        return max(retired, key=lambda one: (one.promoted_at, one.version))
    found = next((one for one in known if one.version == version), None)
    if found is None:
        raise UsageError(f"{monitor.id} has no reference version {version} that could judge")
    return found
