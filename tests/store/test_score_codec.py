"""Scores and calibrations come back bit for bit, and damaged bytes are refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwatch.calibration.calibration import Calibration, CalibrationState
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.null import Null
from driftwatch.errors import StoreError
from driftwatch.store.score_codec import (
    StoredScores,
    decode_calibration,
    decode_scores,
    encode_calibration,
    encode_scores,
)

_NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Bit for bit: −0.0 is not 0.0."""
    return one.shape == other.shape and one.astype("<f8").tobytes() == other.astype("<f8").tobytes()


@st.composite
def stored_scores(draw: st.DrawFn) -> StoredScores:
    columns = draw(st.lists(st.text(max_size=8), max_size=4, unique=True))
    windows = draw(st.integers(0, 3))
    parts = 3 * len(columns) + 2

    def row() -> NDArray[np.float64]:
        return np.array(draw(st.lists(_NUMBERS, min_size=parts, max_size=parts)))

    def evidence() -> tuple[Evidence, ...]:
        return tuple(Evidence(distance=row(), chance=row()) for _ in range(windows))

    told = draw(st.lists(st.booleans(), min_size=windows * len(columns), max_size=windows * len(columns)))
    return StoredScores(
        columns=tuple(columns),
        short=evidence(),
        long=evidence(),
        told=np.array(told, dtype=bool).reshape(windows, len(columns)),
        scheme=draw(st.sampled_from([None, "weekend"])),
    )


@given(scores=stored_scores())
def test_scores_come_back_bit_for_bit(scores: StoredScores) -> None:
    found = decode_scores(encode_scores(scores), what="scores")

    assert (found.columns, found.scheme) == (scores.columns, scores.scheme)
    for one, other in zip((*found.short, *found.long), (*scores.short, *scores.long), strict=True):
        assert same(one.distance, other.distance)
        assert same(one.chance, other.chance)
    assert np.array_equal(found.told, scores.told)
    assert found.told.dtype == bool


def make_scores() -> StoredScores:
    evidence = Evidence(distance=np.arange(5.0), chance=np.full(5, math.nan))
    return StoredScores(columns=("x",), short=(evidence,), long=(evidence,), told=np.array([[True]]))


def make_null(parts: int, seed: int) -> Null:
    rng = np.random.default_rng(seed)
    return Null(wobble=rng.random(parts), calm=rng.random(parts), highest=(1 / 3, 0.1), windows=seed)


def make_calibration(parts: int = 8, state: CalibrationState = CalibrationState.PROVISIONAL) -> Calibration:
    return Calibration(
        state=state,
        short=make_null(parts, 61),
        long=make_null(parts, 55),
        weights=np.linspace(0.1, 3.0, parts),
        missing=4,
        inherited=7,
    )


@pytest.mark.parametrize("state", CalibrationState)
def test_a_calibration_comes_back_bit_for_bit(state: CalibrationState) -> None:
    calibration = make_calibration(state=state)

    found = decode_calibration(encode_calibration(calibration, ("a", "ü")), ("a", "ü"), what="it")

    assert found is not None
    assert (found.state, found.missing, found.inherited) == (state, 4, 7)
    assert found.say() == calibration.say()
    for one, other in ((found.short, calibration.short), (found.long, calibration.long)):
        assert same(one.wobble, other.wobble)
        assert same(one.calm, other.calm)
        assert (one.highest, one.windows) == (other.highest, other.windows)
    assert same(found.weights, calibration.weights)


def test_an_uncalibrated_one_has_no_highest_scores() -> None:
    null = Null(wobble=np.ones(8), calm=np.ones(8), highest=(), windows=0)
    calibration = Calibration(
        state=CalibrationState.UNCALIBRATED, short=null, long=null, weights=np.ones(8), missing=60
    )

    found = decode_calibration(encode_calibration(calibration, ("a", "b")), ("a", "b"), what="it")

    assert found is not None
    assert found.find_limits(1 / 30) == calibration.find_limits(1 / 30)


def test_a_calibration_for_other_columns_is_none() -> None:
    document = encode_calibration(make_calibration(), ("a", "b"))

    assert decode_calibration(document, ("b", "a"), what="it") is None
    assert decode_calibration(document, ("a", "b", "c"), what="it") is None


def test_what_is_decoded_can_be_written_to() -> None:
    found = decode_scores(encode_scores(make_scores()), what="scores")

    assert found.short[0].distance.flags.writeable


_SCORES, _CALIBRATION = encode_scores(make_scores()), encode_calibration(make_calibration(), ("a", "b"))


@pytest.mark.parametrize("place", range(0, len(_SCORES), 7))
@pytest.mark.parametrize("cut", [False, True])
def test_damaged_scores_are_refused_by_name(place: int, cut: bool) -> None:
    spoilt = _SCORES[:place] if cut else _SCORES[:place] + b"\x99" + _SCORES[place + 1 :]

    with pytest.raises(StoreError, match=r"flights: scores of Monday"):
        decode_scores(spoilt, what="flights: scores of Monday")


@pytest.mark.parametrize("place", range(0, len(_CALIBRATION), 31))
def test_a_damaged_calibration_is_refused_by_name(place: int) -> None:
    with pytest.raises(StoreError, match="flights: its calibration"):
        decode_calibration(_CALIBRATION[:place], ("a", "b"), what="flights: its calibration")


def test_one_is_not_taken_for_the_other() -> None:
    with pytest.raises(StoreError, match="something else"):
        decode_scores(_CALIBRATION, what="scores")
    with pytest.raises(StoreError, match="something else"):
        decode_calibration(_SCORES, ("x",), what="calibration")


def test_what_a_newer_driftwatch_wrote_asks_for_an_upgrade() -> None:
    with pytest.raises(StoreError, match="upgrade the program"):
        decode_scores(b"\x02" + _SCORES[1:], what="scores")


def test_scores_of_200_columns_are_small() -> None:
    rng = np.random.default_rng(0)
    names = tuple(f"column_{place:03}" for place in range(200))
    evidence = Evidence(distance=rng.random(602), chance=np.full(602, 1 / 2000))
    scores = StoredScores(
        columns=names, short=(evidence,), long=(evidence,), told=np.zeros((1, 200), dtype=bool)
    )

    assert len(encode_scores(scores)) < 12_000
