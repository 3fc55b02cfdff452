from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.calibration.calibration import Calibration, CalibrationState
from driftwatch.incidents.beside import choose_calibration, join_findings
from driftwatch.incidents.finding import Finding, FindingKind, Verdict, VerdictWord
from driftwatch.incidents.pairs import pair_columns
from driftwatch.incidents.weighed import Weighing
from driftwatch.profiles.build import build_reference
from driftwatch.profiles.columns import ColumnOptions
from tests.support.incidents import day

MOVED = Finding(
    column="amount", kind=FindingKind.DRIFT, statistic="moved_share", value=0.2, limit=0.02, text="pinned"
)
OTHER = replace(MOVED, text="rolling")
CLEAN = Verdict(window=day(1), word=VerdictWord.OK, rows=300, score=2.0, limit=4.0)


def weigh(score: float, limit: float) -> Weighing:
    return cast("Weighing", SimpleNamespace(weighed=SimpleNamespace(score=score, limit=limit)))


def join(verdict: Verdict, *others: Finding, score: float = 1.0, limit: float = 4.0) -> Verdict:
    return join_findings(verdict, others, weigh(score, limit))


def test_what_only_the_rolling_reference_shows_is_found() -> None:
    joined = join(CLEAN, OTHER, score=5.0)

    assert (joined.word, joined.findings) == (VerdictWord.DRIFT, (OTHER,))


def test_what_both_show_is_told_by_the_pinned_one() -> None:
    found = replace(CLEAN, word=VerdictWord.DRIFT, findings=(MOVED,))

    assert join(found, OTHER).findings == (MOVED,)


def test_what_would_wake_nobody_gives_way_to_what_would() -> None:
    quiet = replace(CLEAN, word=VerdictWord.DRIFT, findings=(replace(MOVED, minor=True),))

    assert join(quiet, OTHER).findings == (OTHER,)
    assert join(quiet, replace(OTHER, minor=True)).findings == quiet.findings


def test_other_kinds_of_the_same_column_stand_beside_one_another() -> None:
    missing = replace(OTHER, kind=FindingKind.MISSING)
    found = replace(CLEAN, word=VerdictWord.DRIFT, findings=(MOVED,))

    assert join(found, missing).findings == (MOVED, missing)


@pytest.mark.parametrize("word", [VerdictWord.PARTIAL, VerdictWord.NO_DATA, VerdictWord.ERROR])
def test_a_window_that_is_no_evidence_does_not_become_any(word: VerdictWord) -> None:
    assert join(replace(CLEAN, word=word), OTHER).word is word


@pytest.mark.parametrize(
    ("pinned", "rolling", "shown"),
    [
        ((2.0, 4.0), (1.0, 4.0), (2.0, 4.0)),
        ((2.0, 4.0), (3.0, 4.0), (3.0, 4.0)),
        ((2.0, 4.0), (3.0, 8.0), (2.0, 4.0)),
        ((None, None), (1.0, 4.0), (1.0, 4.0)),
    ],
)
def test_the_score_is_that_which_comes_nearest_to_its_limit(
    pinned: tuple[Any, Any], rolling: tuple[float, float], shown: tuple[float, float]
) -> None:
    verdict = replace(CLEAN, score=pinned[0], limit=pinned[1])
    joined = join(verdict, score=rolling[0], limit=rolling[1])

    assert (joined.score, joined.limit) == shown


def test_what_concerns_most_rows_comes_first() -> None:
    small, large = replace(MOVED, moved_share=0.1), replace(OTHER, column="city", moved_share=0.3)
    found = replace(CLEAN, word=VerdictWord.DRIFT, findings=(small,))

    assert join(found, large).findings == (large, small)


def calibrate(state: CalibrationState, missing: int = 0) -> Calibration:
    return cast("Calibration", SimpleNamespace(state=state, missing=missing))


KNOWN = calibrate(CalibrationState.CALIBRATED)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (calibrate(CalibrationState.PROVISIONAL, 5), KNOWN),
        (calibrate(CalibrationState.PROVISIONAL, 5), calibrate(CalibrationState.PROVISIONAL, 4)),
        (calibrate(CalibrationState.UNCALIBRATED, 5), calibrate(CalibrationState.PROVISIONAL, 9)),
    ],
)
def test_the_verdict_promises_no_more_than_both_can_keep(less: Calibration, more: Calibration) -> None:
    assert choose_calibration(less, more) is less
    assert choose_calibration(more, less) is less


def test_a_derived_column_gives_way_to_a_carrier_that_only_the_rolling_reference_shows() -> None:
    rows = pa.table({"a": np.arange(400.0) % 97, "b": np.arange(400.0) % 97 + np.arange(400.0) % 5})
    reference = build_reference([(None, rows)], ColumnOptions(derived=True)).total
    pairs = list(pair_columns(reference, reference))
    derived = next(pair for pair in pairs if pair.is_derived)
    shown = replace(MOVED, column=derived.column, moved_share=0.5)
    carrier = replace(OTHER, column="a", moved_share=0.1)
    found = replace(CLEAN, word=VerdictWord.DRIFT, findings=(shown,))

    joined = join_findings(found, [carrier], weigh(1.0, 4.0), pairs=pairs)

    assert {one.column: one.minor for one in joined.findings} == {"a": False, derived.column: True}
