"""What is found on a special day is recorded and wakes nobody: the calendar expects it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from driftwatch.incidents.axis import DATA_KINDS
from driftwatch.incidents.finding import Finding, FindingKind

__all__ = ["excuse_findings"]

_NEVER_EXPECTED = frozenset({FindingKind.COLUMN_MISSING, FindingKind.TYPE_CHANGED})
_EXCUSED = (DATA_KINDS | {FindingKind.DRIFT}) - _NEVER_EXPECTED


def excuse_findings(findings: Iterable[Finding], day: str) -> tuple[Finding, ...]:
    """Return the findings of a window on the special `day`: at most minor, each with its name.

    A column that vanished or changed its type stays what it is: no feast explains that.
    """
    return tuple(_excuse(finding, day) if finding.kind in _EXCUSED else finding for finding in findings)


def _excuse(finding: Finding, day: str) -> Finding:
    plain = "; ".join(filter(None, [finding.plain, f"it is {day}"]))
    return replace(finding, minor=True, again=False, text=f"{finding.text}; it is {day}", plain=plain)
