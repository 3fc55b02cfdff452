"""What comparing two batches found: the value that the command, the notebook and scripts share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from driftwatch.incidents.finding import (
    Finding,
    VerdictWord,
    build_finding_json,
    build_statistic_json,
    keep_finite,
)
from driftwatch.incidents.pairs import count_missing
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, Kind
from driftwatch.profiles.keys import KeySample
from driftwatch.profiles.reference import Skipped
from driftwatch.statistics.catalogue import Statistic

__all__ = ["ColumnComparison", "Comparison", "KeyComparison"]

SCHEMA = "driftwatch.compare/v1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnComparison:
    """One column of the reference beside the same column of the current batch.

    Every statistic is an attribute as well: `.ks` is its value as a float, or None where it is not
    defined. `moved_share` is the share of rows, 0 to 1, that can be shown to have moved. `current` is None
    when the batch lacks the column.
    """

    column: str
    verdict: VerdictWord
    reference: Counts
    current: Counts | None
    statistics: Mapping[str, Statistic] = field(default_factory=dict)
    moved_share: float | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def kind(self) -> Kind:
        """Return what the column is judged as."""
        return self.reference.grid.kind

    @property
    def unseen_unknown(self) -> str | None:
        """Return why the share of unseen names is not known; None where it is."""
        grid = self.reference.grid
        return grid.unseen_unknown if isinstance(grid, CategoryGrid) else None

    @property
    def current_missing_share(self) -> float | None:
        """Return the share of rows without a value, 0 to 1; None without rows or without the column."""
        return _share_missing(self.current)

    def __getattr__(self, name: str) -> float | None:
        if name.startswith("_") or name == "statistics" or name not in self.statistics:
            raise AttributeError(f"the column {self.column!r} has no statistic {name!r}")
        return self.statistics[name].value

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self.statistics]

    def _repr_png_(self) -> bytes | None:
        from driftwatch.jobs.comparison_picture import draw_column

        return draw_column(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the column as it stands in the JSON of `driftwatch compare`."""
        return {
            "column": self.column,
            "kind": self.kind,
            "verdict": self.verdict.value,
            "statistics": {name: build_statistic_json(found) for name, found in self.statistics.items()},
            "moved_share_at_least": keep_finite(self.moved_share),
            "missing_share": self._spell_missing(),
            "unseen_share": self._spell_unseen(),
            "unseen_unknown": self.unseen_unknown,
            "findings": [build_finding_json(finding) for finding in self.findings],
        }

    def _spell_missing(self) -> dict[str, float | None]:
        return {"reference": _share_missing(self.reference), "current": self.current_missing_share}

    def _spell_unseen(self) -> dict[str, float | None] | None:
        grid = self.reference.grid
        if not isinstance(grid, CategoryGrid) or not grid.knows_all:
            return None
        names = self.current.values if self.current is not None else 0
        unseen = (
            int(self.current.cells[grid.unseen_cell]) / names if self.current is not None and names else None
        )
        return {"reference": 0.0, "current": unseen}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeyComparison:
    """How many rows of each side repeat the key of an earlier row; None where a side lacks the key."""

    columns: tuple[str, ...]
    reference: KeySample | None
    current: KeySample | None

    def to_dict(self) -> dict[str, Any]:
        """Return the key as it stands in the JSON of `driftwatch compare`."""
        sides = {"reference": self.reference, "current": self.current}
        return {
            "columns": list(self.columns),
            **{side: None if sample is None else _spell_keys(sample) for side, sample in sides.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Two batches compared.

    `verdict` is the worst of what was found: `ok`, `drift`, `data`, or `no_data` when the current batch has
    no rows. `columns` are those of the reference that are judged, by name; `skipped` says why others are
    not; `extra` are those that only the current batch has. `findings` holds what was found in columns and
    keys, worst first.
    """

    verdict: VerdictWord
    reference_rows: int
    current_rows: int
    columns: Mapping[str, ColumnComparison]
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    extra: tuple[str, ...] = ()
    keys: KeyComparison | None = None

    @property
    def gaps(self) -> tuple[str, ...]:
        """Return what cannot be known of the columns, one line each."""
        unknown = ((column.column, column.unseen_unknown) for column in self.columns.values())
        return tuple(f"unseen values in {name}: {why}" for name, why in unknown if why is not None)

    @property
    def summary(self) -> str:
        """Return the result in one line."""
        rows = f"{self.current_rows:,} rows against {self.reference_rows:,} of the reference"
        if self.verdict is VerdictWord.NO_DATA:
            return f"no_data: there are no rows to compare with the {self.reference_rows:,} of the reference"
        counted = _count_columns(self.columns.values())
        return f"{self.verdict.value}: {counted}; {rows}"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON of `driftwatch compare`: plain values only, no NaN and no infinity."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict.value,
            "reference": {"rows": self.reference_rows},
            "current": {"rows": self.current_rows},
            "columns": [column.to_dict() for column in self.columns.values()],
            "findings": [
                build_finding_json(found) for found in self.findings if found.column not in self.columns
            ],
            "keys": None if self.keys is None else self.keys.to_dict(),
            "skipped": [{"column": skipped.column, "why": skipped.why} for skipped in self.skipped],
            "extra": list(self.extra),
        }

    def _repr_html_(self) -> str:
        from driftwatch.jobs.comparison_html import write_html

        return write_html(self)


def _share_missing(counts: Counts | None) -> float | None:
    """Return the share of rows without a value, 0 to 1; None without rows."""
    return count_missing(counts) / counts.rows if counts is not None and counts.rows else None


def _count_columns(columns: Iterable[ColumnComparison]) -> str:
    words = [column.verdict for column in columns]
    drifted, faulty = words.count(VerdictWord.DRIFT), words.count(VerdictWord.DATA)
    if not words:
        return "no column could be judged"
    parts = [f"{drifted} of {len(words)} columns moved"] if drifted else []
    if faulty:
        parts.append(f"{faulty} {'more ' if drifted else f'of {len(words)} columns '}with faulty data")
    if not parts:
        return "1 column agrees" if len(words) == 1 else f"all {len(words)} columns agree"
    return ", ".join(parts)


def _spell_keys(sample: KeySample) -> dict[str, Any]:
    return {
        "repeated_share": sample.repeated_share,
        "repeated_rows": sample.repeated_rows if sample.is_exact else None,
        "exact": sample.is_exact,
    }
