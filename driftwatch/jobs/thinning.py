"""The counts of windows made coarse: read and worked out outside any transaction, then kept in one."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa

from driftwatch.calibration.coarse import coarsen_columns
from driftwatch.calibration.layout import Layout, build_layout
from driftwatch.errors import StoreError
from driftwatch.profiles.reference import Reference
from driftwatch.store.codec import decode_counts, encode_counts
from driftwatch.store.database import Database
from driftwatch.store.monitors import MonitorRow
from driftwatch.store.pruning import OldVerdict, Scope, list_counts
from driftwatch.store.references import load_reference

__all__ = ["Thinner"]

_REMEMBERED = 2


class Thinner:
    """Makes the stored counts of one monitor's windows coarse."""

    def __init__(self, database: Database, row: MonitorRow) -> None:
        self._database = database
        self._row = row
        self._prepare = lru_cache(maxsize=_REMEMBERED)(self._load)

    def thin(self, scope: Scope, old: OldVerdict) -> list[tuple[int, bytes]]:
        """Return the counts of a verdict that are other ones when they are coarse, by their places.

        Raises StoreError where the stored bytes are damaged.
        """
        if not old.has_counts or old.reference_version is None:
            return []
        reference, layout = self._prepare(old.reference_version)
        stored = self._database.read(lambda tx: list_counts(tx, scope, old))
        fine = {
            name: decode_counts(
                data,
                reference.grids[name],
                what=f"{self._row.key}, window of {old.window_start}, column {name!r}",
            )
            for _, name, data in stored
        }
        coarse = coarsen_columns(layout, fine)
        return [(place, encode_counts(coarse[n])) for place, n, _ in stored if coarse[n] is not fine[n]]

    def _load(self, version: int) -> tuple[Reference, Layout]:
        reference = self._database.read(lambda tx: self._find(tx, version))
        return reference, build_layout(reference)

    def _find(self, tx: sa.Connection, version: int) -> Reference:
        reference = load_reference(tx, self._row, version)
        if reference is None:
            raise StoreError(
                f"{self._row.key}: reference version {version} is missing; restore the store from a backup"
            )
        return reference
