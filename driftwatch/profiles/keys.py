"""How many rows of a batch repeat a key that an earlier row had.

Keys are hashed to 64 bits. Up to `EXACT_KEYS` distinct keys every one is held and the count is exact;
beyond that only the keys whose hash falls into a half, a quarter, … of all hashes are held, and the
share is estimated from them (adaptive sampling: Flajolet, "On adaptive sampling", Computing 43, 1990).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from driftwatch.profiles.arrays import view_numbers

__all__ = ["EXACT_KEYS", "KeySample", "hash_keys", "sample_keys"]

EXACT_KEYS = 1_000_000
"""Distinct keys of one window up to which the share of repeated keys is exact."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeySample:
    """How many rows had a key, and how many `distinct` ones there were, among the keys that are held.

    Held are the keys whose hash is below 2**(64 − level): at level 0 all of them. `hashes` (sorted, uint64)
    and `row_counts` (rows of each) are None once the sample has been stored: no trace of a key is kept.
    """

    level: int
    rows: int
    distinct: int
    hashes: NDArray[np.uint64] | None = None
    row_counts: NDArray[np.int64] | None = None

    @property
    def is_exact(self) -> bool:
        """Return whether every key was held."""
        return self.level == 0

    @property
    def repeated_rows(self) -> int:
        """Return how many sampled rows have a key that an earlier row had."""
        return self.rows - self.distinct

    @property
    def repeated_share(self) -> float:
        """Return the share of rows, 0 to 1, whose key an earlier row had; 0.0 without rows."""
        return self.repeated_rows / self.rows if self.rows else 0.0

    def __add__(self, other: KeySample) -> KeySample:
        """Return the sample of both; without hashes, only repeats within each of them are known."""
        level = max(self.level, other.level)
        if self.hashes is None or other.hashes is None or self.row_counts is None or other.row_counts is None:
            return KeySample(
                level=level, rows=self.rows + other.rows, distinct=self.distinct + other.distinct
            )
        hashes = np.concatenate([self.hashes, other.hashes])
        counts = np.concatenate([self.row_counts, other.row_counts])
        return _shrink(level, hashes, counts, EXACT_KEYS)


def sample_keys(hashes: NDArray[np.uint64], *, at_most: int = EXACT_KEYS) -> KeySample:
    """Return the sample of a batch whose rows have these key `hashes`.

    >>> sample_keys(np.array([7, 7, 9], dtype=np.uint64)).repeated_share
    0.3333333333333333
    """
    return _shrink(0, hashes, np.ones(len(hashes), dtype=np.int64), at_most)


def _shrink(level: int, hashes: NDArray[np.uint64], rows: NDArray[np.int64], at_most: int) -> KeySample:
    distinct, place = np.unique(hashes, return_inverse=True)
    counts = np.bincount(place, weights=rows, minlength=len(distinct)).astype(np.int64)
    while True:
        if level:
            kept = distinct < np.uint64(1 << (64 - level))
            distinct, counts = distinct[kept], counts[kept]
        if len(distinct) <= at_most:
            break
        level += 1
    return KeySample(
        level=level, rows=int(counts.sum()), distinct=len(distinct), hashes=distinct, row_counts=counts
    )


def hash_keys(table: pa.Table, key: Sequence[str]) -> NDArray[np.uint64]:
    """Return a 64-bit hash of the key of every row that has one; rows with a null in it are left out.

    The hash is the same on every machine and in every process.
    """
    complete = table.select(list(key)).drop_null()
    hashes = np.zeros(complete.num_rows, dtype=np.uint64)
    for name in key:
        hashes = _mix(hashes * np.uint64(0x9E3779B97F4A7C15) + _hash_column(complete.column(name)))
    return hashes


def _hash_column(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    if pa.types.is_floating(column.type):
        # A whole number has one hash whether it came as 1 or as 1.0.
        floats: NDArray[np.float64] = view_numbers(pc.cast(column, pa.float64()))
        with np.errstate(invalid="ignore"):
            whole = floats == np.floor(floats)
            bits: NDArray[np.uint64] = floats.view(np.uint64)
            return np.where(whole, floats.astype(np.int64).view(np.uint64), bits)
    if pa.types.is_integer(column.type):
        integers: NDArray[np.int64] = view_numbers(column).astype(np.int64)
        unsigned: NDArray[np.uint64] = integers.view(np.uint64)
        return unsigned
    encoded = pa.chunked_array([column.combine_chunks()]).dictionary_encode().chunk(0)
    names = np.array([_hash_name(str(value)) for value in encoded.dictionary.to_pylist()], dtype=np.uint64)
    places: NDArray[np.int64] = view_numbers(encoded.indices)
    return names[places]


def _hash_name(name: str) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def _mix(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits of a 64-bit number (the finaliser of SplitMix64: Steele, Lea & Flood, OOPSLA 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
