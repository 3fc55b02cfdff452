"""Judged windows as JSON and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from driftwatch.cli.printing import print_lines, print_table
from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.stamps import write_stamp
from driftwatch.incidents.words import say_count

__all__ = ["print_windows"]

_MOST_SHOWN = 60


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
