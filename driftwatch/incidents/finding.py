"""What judging a window found, and the verdict on the window as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any

from driftwatch.incidents.stamps import write_stamp
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic

__all__ = [
    "Finding",
    "FindingKind",
    "Near",
    "Verdict",
    "VerdictWord",
    "build_finding_json",
    "build_statistic_json",
    "build_window_json",
    "keep_finite",
    "split_calibration",
]


class FindingKind(StrEnum):
    """What a finding is about; the data kinds are those of `DATA_KINDS`."""

    DRIFT = "drift"
    MISSING = "missing"
    UNSEEN = "unseen"
    RANGE = "range"
    COLUMN_MISSING = "column_missing"
    TYPE_CHANGED = "type_changed"
    REPEATED_KEYS = "repeated_keys"
    REPEATED_WINDOW = "repeated_window"
    VOLUME = "volume"
    EVALUATION = "evaluation"


class VerdictWord(StrEnum):
    """The verdict on a window, the worst of what was found; worst first."""

    ERROR = "error"  # The window could not be read or judged.
    NO_DATA = "no_data"  # The source answered, with no rows.
    NOT_EVALUATED = "not_evaluated"  # The window was given up without being read.
    PARTIAL = "partial"  # Fewer rows than the volume limit, or a column that cannot be read.
    THIN = "thin"  # Too few rows to show anything.
    DRIFT = "drift"  # At least one column moved beyond its limit.
    DATA = "data"  # A data-quality finding.
    OK = "ok"  # Judged, complete, nothing found.


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a window, in numbers and in one plain sentence.

    `column` is None for findings about the window as a whole. `moved_share` is the part of the rows
    that can be shown to be affected, 0 to 1, where that is known. `minor`: it is recorded and wakes nobody,
    because less than the minimum effect can be shown or the calendar expects it. `again`: a column that is
    part of an incident has changed once more, against its own first windows in that incident. `plain` says
    what changed in words without a statistic in them, None where these say no more than the kind does.
    """

    column: str | None
    kind: FindingKind
    statistic: str
    value: float | None
    limit: float | None
    text: str
    moved_share: float | None = None
    minor: bool = False
    again: bool = False
    plain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Something that is within its limit and above the level that calms an incident about it.

    `column` is None for what concerns the window as a whole; `kind` is that of the finding it would be.
    """

    column: str | None
    kind: FindingKind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """The judgement of one window.

    `statistics` holds every statistic of every judged column: column → statistic → its value. `score` and
    `limit` are None for windows judged by rules alone. `rows` is None where the window was not read. `near`
    is what no finding is about and what is all the same not calm.
    """

    window: Window
    word: VerdictWord
    rows: int | None
    findings: tuple[Finding, ...] = ()
    statistics: Mapping[str, Mapping[str, Statistic]] = field(default_factory=dict)
    score: float | None = None
    limit: float | None = None
    calibration: str | None = None
    reason: str | None = None
    near: tuple[Near, ...] = ()


def build_finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as an entry of `findings` in `driftwatch.compare/v1` and `driftwatch.check/v1`."""
    return {
        "column": finding.column,
        "kind": finding.kind.value,
        "statistic": finding.statistic,
        "value": keep_finite(finding.value),
        "limit": keep_finite(finding.limit),
        "text": finding.text,
        "moved_share": keep_finite(finding.moved_share),
        "minor": finding.minor,
    }


def build_window_json(verdict: Verdict, revision: int) -> dict[str, Any]:
    """Return the verdict on a window as an entry of `windows` in `driftwatch.check/v1`."""
    calibration, note = split_calibration(verdict.calibration)
    return {
        "start": write_stamp(verdict.window.start),
        "end": write_stamp(verdict.window.end),
        "verdict": verdict.word.value,
        "rows": verdict.rows,
        "score": keep_finite(verdict.score),
        "limit": keep_finite(verdict.limit),
        "calibration": calibration,
        "calibration_note": note,
        "revision": revision,
        "reason": verdict.reason,
        "findings": [build_finding_json(finding) for finding in verdict.findings],
    }


def build_statistic_json(found: Statistic) -> dict[str, float | None]:
    """Return a statistic as an entry of `statistics` in `driftwatch.compare/v1`."""
    spelled = {"value": keep_finite(found.value)}
    for name in ("low", "high", "p_value", "debiased"):
        value = keep_finite(getattr(found, name))
        if value is not None:
            spelled[name] = value
    return spelled


def split_calibration(said: str | None) -> tuple[str | None, str | None]:
    """Return the state that a verdict's `calibration` names, and what it adds to it in words.

    >>> split_calibration("provisional (50 more windows needed)")
    ('provisional', '50 more windows needed')
    >>> split_calibration("calibrated")
    ('calibrated', None)
    """
    if said is None:
        return None, None
    words = said.split(" ", 1)
    note = words[1].strip(" ,") if len(words) > 1 else None
    # The first bracket only: what follows it is another remark.
    return words[0].rstrip(","), None if note is None else note.replace("(", "", 1).replace(")", "", 1)


def keep_finite(value: float | None) -> float | None:
    """Return a number as JSON can hold it, which has no infinity and no NaN: None in their place.

    >>> keep_finite(0.5), keep_finite(float("inf"))
    (0.5, None)
    """
    return float(value) if value is not None and isfinite(value) else None
