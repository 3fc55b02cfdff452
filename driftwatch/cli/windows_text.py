"""Judged windows as JSON and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from driftwatch.cli.printing import print_lines, print_table
from driftwatch.incidents.finding import Verdict, VerdictWord, build_finding_json, split_calibration
from driftwatch.incidents.stamps import write_stamp
from driftwatch.incidents.words import say_count

__all__ = ["build_window_json", "print_windows"]

_MOST_SHOWN = 60


def build_window_json(verdict: Verdict, revision: int) -> dict[str, Any]:
    """Return the entry of `windows` in `driftwatch.check/v1`."""
    calibration, note = split_calibration(verdict.calibration)
    return {
        "start": write_stamp(verdict.window.start),
        "end": write_stamp(verdict.window.end),
        "verdict": verdict.word.value,
        "rows": verdict.rows,
        "score": verdict.score,
        "limit": verdict.limit,
        "calibration": calibration,
        "calibration_note": note,
        "revision": revision,
        "reason": verdict.reason,
        "findings": [build_finding_json(finding) for finding in verdict.findings],
    }


def print_windows(monitor: str, verdicts: Sequence[Verdict]) -> None:
    """Print a summary, then the windows: all of them, or where there are many, those that are not ok."""
    counted = Counter(verdict.word.value for verdict in verdicts)
    words = ", ".join(f"{counted[word]:,} {word}" for word in VerdictWord if counted[word])
    said = f": {words}" if words else ""
    print_lines(f"{monitor}: {say_count(len(verdicts), 'window')} judged{said}")
    shown = [v for v in verdicts if len(verdicts) <= _MOST_SHOWN or v.word is not VerdictWord.OK]
    if shown:
        print_table(
            ["WINDOW", "VERDICT", "ROWS", "WHAT WAS FOUND"], [_build_row(verdict) for verdict in shown]
        )
    if len(shown) < len(verdicts):
        print_lines(
            f"{say_count(len(verdicts) - len(shown), 'window')} that are ok are not listed; -o json has them."
        )


def _build_row(verdict: Verdict) -> list[object]:
    said = verdict.reason or ""
    if verdict.findings:
        more = f" (and {len(verdict.findings) - 1} more)" if len(verdict.findings) > 1 else ""
        said = verdict.findings[0].text + more
    return [write_stamp(verdict.window.start), verdict.word.value, verdict.rows, said]
