"""The verdict on a batch: its counts against the reference's, by default limits and by explicit rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from driftwatch.incidents.breaches import find_breaches, find_key_breach, find_volume_breach
from driftwatch.incidents.carried import yield_to_carriers
from driftwatch.incidents.compared import Compared, compare_columns
from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.incidents.limits import (
    Effect,
    count_rates,
    find_drift,
    find_rates,
    find_repeated_keys,
    find_repeated_window,
    find_volume,
)
from driftwatch.incidents.near import Measures, find_near
from driftwatch.incidents.pairs import Pair, pair_columns
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT, REPEATED_SHARE, VOLUME, Judging
from driftwatch.incidents.structure import find_absent, find_all_missing, find_type_changed
from driftwatch.incidents.weighed import Weighing, find_above, find_extreme
from driftwatch.profiles.keys import KeySample
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic
from driftwatch.statistics.volume import volume

__all__ = ["Judgement", "choose_word", "judge", "judge_columns", "sort_findings"]

_HALF = 0.5
_BROKEN = frozenset({FindingKind.COLUMN_MISSING, FindingKind.TYPE_CHANGED})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """What was found in the columns of a batch, worst first, and what was measured of them."""

    findings: tuple[Finding, ...]
    compared: Compared


def judge(  # noqa: PLR0913 - every fact that a verdict depends on, each named at the call
    reference: Reference,
    profile: Profile,
    *,
    window: Window,
    judging: Judging,
    final: bool = True,
    repeats: Window | None = None,
    weighing: Weighing | None = None,
    compared: Compared | None = None,
) -> Verdict:
    """Return the verdict on a window.

    Parameters
    ----------
    reference, profile
        The reference, and the window's rows counted on its grids; those of thin windows before it are added.
    judging
        The rules, the minimum effect and the family-wise level.
    final
        Whether the window is judged as it is. If not, one with too few rows or a column that cannot be
        read is only `partial`: it is read again later.
    repeats
        An earlier window with identical counts, None where there is none.
    weighing
        The window on the scales of the false-alarm budget; None where it is not judged by one.
    compared
        `profile` measured against the reference, as `compare_columns` does; None has it done here.

    Returns
    -------
    Verdict
        The word is the worst of what was found; findings come worst first.
    """
    if profile.rows == 0:
        return Verdict(
            window=window, word=VerdictWord.NO_DATA, rows=0, reason="the source has no rows for it"
        )
    samples = [block.profile.keys for block in reference.blocks if block.profile.keys is not None]
    by_budget = _judge_weighed(reference, profile, judging, weighing)
    found = judge_columns(
        reference.total, profile, judging, samples=samples, by_budget=by_budget, compared=compared
    )
    rows = weighing.measured.own.volume if weighing else profile.rows
    whole = list(_judge_whole(reference, profile, rows, judging, repeats, by_budget))
    findings = sort_findings([*found.findings, *whole])
    measures = _measure(reference, profile, rows, found)
    pairs = list(pair_columns(reference.total, profile))
    reason = None if final else _explain_partial(reference, profile, rows, findings)
    return Verdict(
        window=window,
        word=choose_word(findings) if reason is None else VerdictWord.PARTIAL,
        rows=rows,
        findings=findings,
        statistics=found.compared.statistics,
        score=weighing.weighed.score if weighing else None,
        limit=weighing.weighed.limit if weighing else None,
        calibration=weighing.calibration.say() if weighing else None,
        reason=reason,
        near=find_near(judging, pairs, measures, weighing=weighing, findings=findings),
    )


def _measure(reference: Reference, profile: Profile, rows: int, found: Judgement) -> Measures:
    usual_rows = [block.profile.rows for block in reference.blocks if block.window is not None]
    repeated = profile.keys.repeated_share if profile.keys else None
    whole = {VOLUME: volume(usual_rows, rows).value, REPEATED_SHARE: repeated}
    return Measures(compared=found.compared, whole=whole)


def _judge_weighed(
    reference: Reference, profile: Profile, judging: Judging, weighing: Weighing | None
) -> Sequence[Finding] | None:
    if weighing is None or judging.minimum_effect is None:
        return None
    pairs = {pair.column: pair for pair in pair_columns(reference.total, profile)}
    return list(find_above(weighing, pairs, judging.minimum_effect))


def judge_columns(
    reference: Profile,
    current: Profile,
    judging: Judging,
    *,
    samples: Sequence[KeySample] = (),
    by_budget: Sequence[Finding] | None = None,
    compared: Compared | None = None,
) -> Judgement:
    """Return what is found in the columns and keys of a batch of at least one row.

    `samples` are the keys of each block of the reference. `by_budget` are the findings of the false-alarm
    budget, None where the minimum effect judges without one; `compared` is what was measured already.
    Nothing here needs a window: two files are judged by it as well.
    """
    pairs = list(pair_columns(reference, current))
    measured = compared or compare_columns(reference, current, alpha=judging.family_alpha)
    findings = list(find_absent(current))
    for pair in pairs:
        found, moved = measured.statistics[pair.column], measured.moved_shares[pair.column]
        findings += _judge_pair(pair, found, moved, judging, len(pairs), by_budget)
    findings = list(yield_to_carriers(findings, pairs, judging.rules))
    if current.keys is not None:
        findings += _judge_keys(samples, current.keys, judging, len(pairs), by_budget)
    return Judgement(findings=sort_findings(findings), compared=measured)


def _judge_pair(
    pair: Pair,
    found: Mapping[str, Statistic],
    moved: float,
    judging: Judging,
    columns: int,
    by_budget: Sequence[Finding] | None,
) -> Iterable[Finding]:
    alpha = judging.family_alpha / count_rates(columns)
    minimum = DEFAULT_MINIMUM_EFFECT if judging.minimum_effect is None else judging.minimum_effect
    candidates = [
        *find_breaches(judging.rules, pair, found, moved),
        find_type_changed(pair, alpha=judging.family_alpha / columns, minimum_effect=minimum),
        find_all_missing(pair, alpha=alpha),
    ]
    if by_budget is not None:
        candidates += [finding for finding in by_budget if finding.column == pair.column]
        candidates.append(find_extreme(pair))
    elif judging.minimum_effect is not None:
        candidates.append(find_drift(pair, moved, minimum))
        candidates += find_rates(pair, Effect(minimum=minimum, alpha=alpha))
    return _keep_first(candidates)


def _judge_keys(
    samples: Sequence[KeySample],
    current: KeySample,
    judging: Judging,
    columns: int,
    by_budget: Sequence[Finding] | None,
) -> Iterable[Finding]:
    candidates = [find_key_breach(judging.rules, samples, current)]
    if by_budget is not None:
        candidates += [finding for finding in by_budget if finding.kind is FindingKind.REPEATED_KEYS]
    if judging.minimum_effect is not None:
        effect = Effect(minimum=judging.minimum_effect, alpha=judging.family_alpha / count_rates(columns))
        found = find_repeated_keys(samples, current, effect)
        # Keys are no matter of wobble: what repeats more than it did is named, and wakes nobody by itself.
        candidates.append(found and replace(found, minor=by_budget is not None))
    return _keep_first(candidates)


def _judge_whole(
    reference: Reference,
    profile: Profile,
    rows: int,
    judging: Judging,
    repeats: Window | None,
    by_budget: Sequence[Finding] | None,
) -> Iterable[Finding]:
    usual_rows = [block.profile.rows for block in reference.blocks if block.window is not None]
    candidates = [find_volume_breach(judging.rules, usual_rows, rows)]
    if by_budget is not None:
        candidates += [finding for finding in by_budget if finding.kind is FindingKind.VOLUME]
    elif judging.minimum_effect is not None:
        candidates.append(find_volume(usual_rows, rows))
    if judging.minimum_effect is not None and repeats is not None:
        pairs = pair_columns(reference.total, profile)
        # The ages of dates differ when the same rows come again, so that they were not compared.
        alike = [pair for pair in pairs if pair.reference.grid.kind != "time"]
        candidates.append(find_repeated_window(alike, repeats))
    return _keep_first(candidates)


def _keep_first(candidates: Iterable[Finding | None]) -> list[Finding]:
    """Return one finding of each kind: rules stand first, so theirs is the one that is kept."""
    kept: dict[FindingKind, Finding] = {}
    for finding in candidates:
        if finding is not None:
            kept.setdefault(finding.kind, _speak_plainly(finding))
    return list(kept.values())


def _speak_plainly(finding: Finding) -> Finding:
    """Return a finding with words for everyone: what is said of faulty data is plain as it is."""
    if finding.plain is not None or finding.kind is FindingKind.DRIFT:
        return finding
    return replace(finding, plain=finding.text)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings with what makes predictions meaningless first, then by how many rows they concern."""
    return tuple(sorted(findings, key=_rank))


def _rank(finding: Finding) -> tuple[bool, float, str, str]:
    moved = finding.moved_share or 0.0
    severe = finding.kind in _BROKEN or (finding.column is not None and moved >= _HALF)
    return (not severe or finding.minor, -moved, finding.column or "", finding.kind.value)


def choose_word(findings: Sequence[Finding]) -> VerdictWord:
    """Return the verdict on a batch with these findings: drift before data, ok without any."""
    if any(finding.kind is FindingKind.DRIFT for finding in findings):
        return VerdictWord.DRIFT
    return VerdictWord.DATA if findings else VerdictWord.OK


def _explain_partial(
    reference: Reference, profile: Profile, rows: int, findings: Sequence[Finding]
) -> str | None:
    for pair in pair_columns(reference.total, profile):
        if pair.is_unreadable:
            return f"no value in {pair.column} can be read"
    shortfall = next((finding for finding in findings if _is_shortfall(finding, reference, rows)), None)
    return shortfall.text if shortfall else None


def _is_shortfall(finding: Finding, reference: Reference, rows: int) -> bool:
    if finding.kind is not FindingKind.VOLUME:
        return False
    usual = [block.profile.rows for block in reference.blocks if block.profile.rows]
    return rows < median(usual)
