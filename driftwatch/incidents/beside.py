"""Two references, one verdict: what the rolling one shows is put beside what the pinned one does.

The pinned reference says whether the data is still what the model was trained on, the rolling one whether it
has changed lately. A window has one verdict, and a fault is told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from driftwatch.calibration.calibration import Calibration, CalibrationState
from driftwatch.incidents.carried import yield_to_carriers
from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.incidents.judge import choose_word, sort_findings
from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.rules import Rule
from driftwatch.incidents.weighed import Weighing, find_above

__all__ = ["choose_calibration", "find_beside", "join_findings"]

_JUDGED = frozenset({VerdictWord.OK, VerdictWord.DRIFT, VerdictWord.DATA})


def find_beside(
    pairs: Sequence[Pair], weighing: Weighing, minimum_effect: float, *, against: str
) -> list[Finding]:
    """Return what a window shows against the rolling reference, which `against` names in words.

    `pairs` are the columns of that reference and of the window. The pinned one answers for keys: how often
    they repeat has nothing to do with the time.
    """
    return [
        replace(finding, text=f"{finding.text}, compared with {against}")
        for finding in find_above(weighing, {pair.column: pair for pair in pairs}, minimum_effect)
        if finding.kind is not FindingKind.REPEATED_KEYS
    ]


def join_findings(
    verdict: Verdict,
    others: Sequence[Finding],
    weighing: Weighing,
    *,
    pairs: Sequence[Pair] = (),
    rules: Sequence[Rule] = (),
) -> Verdict:
    """Return the verdict with what the rolling reference shows beside it, worst first.

    What both show about a column is told by the pinned one, unless that would wake nobody and the other
    would. The score is that of the two that lies further above its limit, or comes nearest to it. Derived
    columns among the `pairs` give way to the columns that carry them, whichever of the two shows those.
    """
    kept = list(verdict.findings)
    for other in others:
        same = next((one for one in kept if (one.column, one.kind) == (other.column, other.kind)), None)
        if same is None:
            kept.append(other)
        elif same.minor and not other.minor:
            kept[kept.index(same)] = other
    serious = yield_to_carriers([one for one in kept if not one.minor], pairs, rules)
    found = sort_findings([*serious, *(one for one in kept if one.minor)])
    word = choose_word(found) if verdict.word in _JUDGED else verdict.word
    joined = replace(verdict, findings=found, word=word)
    score, limit = weighing.weighed.score, weighing.weighed.limit
    if verdict.score is None or verdict.limit is None or score * verdict.limit > verdict.score * limit:
        return replace(joined, score=score, limit=limit)
    return joined


def choose_calibration(pinned: Calibration, rolling: Calibration) -> Calibration:
    """Return that of the two which can keep less of its half of the promise: the whole rests on both."""
    return max(pinned, rolling, key=_rank_lack)


def _rank_lack(calibration: Calibration) -> tuple[int, int]:
    return list(CalibrationState).index(calibration.state), calibration.missing
