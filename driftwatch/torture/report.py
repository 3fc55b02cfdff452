"""What came of a run, for people and for scripts."""

from __future__ import annotations

from typing import Any

from driftwatch.torture.campaign import Run

__all__ = ["describe_run", "list_rows", "summarise_run"]

_SHOWN = 5


def summarise_run(run: Run) -> list[str]:
    """Return in lines what befell the daemons, how long they took to settle, and what was violated."""
    counts = run.counts
    crashes = (
        f"{sum(counts.crashes.values())} crashes at {len(counts.crashes)} of {len(run.reached)} failpoints"
    )
    befell = f"{counts.starts} starts, {counts.kills} kills, {counts.pauses} pauses, {counts.hazards} hazards"
    repeated = (
        f"{run.notices} notices in {run.calls} calls, {run.repeated_calls} of them under an id known before"
    )
    lines = [
        f"seed {run.seed}: {befell}, {crashes}.",
        f"{repeated}; settled after {run.settled_after:.1f} s.",
    ]
    if run.unsettled:
        left = run.unsettled
        lines.append(
            f"NOT settled: {left.windows} windows, {left.missed} missed ones, {left.deliveries} deliveries, "
            f"{left.retrains} requests for retraining."
        )
    for finding in run.findings:
        lines += [f"  {finding.what}: {violation}" for violation in finding.violations[:_SHOWN]]
        if len(finding.violations) > _SHOWN:
            lines.append(f"  {finding.what}: and {len(finding.violations) - _SHOWN} more")
    odd = {status: count for status, count in counts.exits.items() if status != 0}
    if odd:
        lines.append(f"Daemons that ended by themselves, by exit status: {odd}; see {run.log}")
    return lines


def list_rows(run: Run) -> list[list[str]]:
    """Return a row for each invariant: its name, what must not be, over how much, how often it was."""
    return [[one.invariant, one.what, str(one.looked_at), str(len(one.violations))] for one in run.findings]


def describe_run(run: Run) -> dict[str, Any]:
    """Return the same as JSON."""
    counts = run.counts
    return {
        "schema": "driftwatch.torture/v1",
        "seed": run.seed,
        "good": run.is_good,
        "starts": counts.starts,
        "kills": counts.kills,
        "pauses": counts.pauses,
        "hazards": counts.hazards,
        "crashes": dict(sorted(counts.crashes.items())),
        "notices": run.notices,
        "calls": run.calls,
        "repeated_calls": run.repeated_calls,
        "settled_after": round(run.settled_after, 1),
        "invariants": [
            {
                "invariant": one.invariant,
                "what": one.what,
                "looked_at": one.looked_at,
                "violations": list(one.violations),
            }
            for one in run.findings
        ],
    }
