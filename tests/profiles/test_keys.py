from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.profiles import keys
from driftwatch.profiles.keys import KeySample, hash_keys, sample_keys


@given(st.lists(st.integers(0, 30)), st.lists(st.integers(0, 30)))
def test_repeats_over_two_batches_are_those_of_the_whole(one: list[int], two: list[int]) -> None:
    def sample(ids: list[int]) -> KeySample:
        return sample_keys(hash_keys(pa.table({"id": pa.array(ids, pa.int64())}), ["id"]))

    added = sample(one) + sample(two)

    assert added.repeated_rows == len(one + two) - len(set(one + two))
    assert added.is_exact


def test_beyond_the_stated_number_of_keys_the_share_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "EXACT_KEYS", 1000)
    rng = np.random.default_rng(3)
    ids = rng.integers(0, 40_000, size=60_000)
    halves = [hash_keys(pa.table({"id": part}), ["id"]) for part in (ids[:30_000], ids[30_000:])]

    sample = sample_keys(halves[0], at_most=1000) + sample_keys(halves[1], at_most=1000)

    exact = 1 - len(np.unique(ids)) / len(ids)
    assert not sample.is_exact
    assert sample.repeated_share == pytest.approx(exact, abs=0.04)


def test_the_same_whole_number_has_one_hash_in_every_type() -> None:
    whole = hash_keys(pa.table({"id": pa.array([1, 2], pa.int32())}), ["id"])
    floats = hash_keys(pa.table({"id": pa.array([1.0, 2.0])}), ["id"])

    assert whole.tolist() == floats.tolist()


def test_the_order_of_key_columns_tells_keys_apart() -> None:
    table = pa.table({"a": ["x", "y"], "b": ["y", "x"]})

    hashes = hash_keys(table, ["a", "b"])

    assert len(set(hashes.tolist())) == 2


def test_a_hash_is_the_same_in_every_process() -> None:
    hashes = hash_keys(pa.table({"id": ["a", "b"], "n": [1, 2]}), ["id", "n"])

    assert hashes.tolist() == [5_934_033_478_932_922_421, 9_558_023_388_240_342_513]


def test_rows_with_a_null_in_the_key_have_no_key() -> None:
    table = pa.table({"id": [1, 1, None, None]})

    sample = sample_keys(hash_keys(table, ["id"]))

    assert (sample.rows, sample.repeated_rows) == (2, 1)


def test_without_hashes_only_repeats_within_each_part_are_known() -> None:
    stored = KeySample(level=0, rows=10, distinct=8)

    assert (stored + stored).repeated_rows == 4
