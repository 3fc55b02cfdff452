from __future__ import annotations

import math
import timeit
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from driftwatch.errors import StoreError
from driftwatch.profiles.counts import Counts, Sums, count_numbers, empty_counts
from driftwatch.profiles.grid import CategoryGrid, NumberGrid, build_number_grid
from driftwatch.store.codec import (
    decode_counts,
    decode_grid,
    encode_counts,
    encode_grid,
    read_counts,
    write_counts,
)
from tests.support.stored import same_counts

_FINITE = st.floats(allow_nan=False, allow_infinity=False)
_ANY_TEXT = st.text(st.characters(), max_size=20)


@st.composite
def _number_grids(draw: st.DrawFn) -> NumberGrid:
    points = np.array(sorted(draw(st.sets(_FINITE.map(lambda value: value + 0.0), max_size=30))))
    return NumberGrid(
        points=points.astype(np.float64),
        kind=draw(st.sampled_from(["number", "time"])),
        precision=draw(st.sampled_from(["float16", "float32", "float64"])),
    )


@st.composite
def _category_grids(draw: st.DrawFn) -> CategoryGrid:
    names = draw(st.lists(_ANY_TEXT, unique=True, max_size=12))
    cut = draw(st.integers(0, len(names)))
    return CategoryGrid(
        names=tuple(names[:cut]),
        others=tuple(names[cut:]),
        knows_all=draw(st.booleans()),
        singletons=draw(st.integers(0, 2**40)),
        doubletons=draw(st.integers(0, 2**40)),
        kind=draw(st.sampled_from(["category", "boolean"])),
    )


@st.composite
def _counts(draw: st.DrawFn) -> Counts:
    grid = draw(_number_grids() | _category_grids())
    greatest = draw(st.sampled_from([1, 2**8, 2**16, 2**32, 2**63 - 1]))
    bound = _FINITE | st.sampled_from([-0.0, 5e-324])
    numbers = st.integers(0, 2**62)
    return Counts(
        grid=grid,
        cells=draw(hnp.arrays(np.int64, grid.cells, elements=st.integers(0, greatest), fill=st.just(0))),
        missing=draw(numbers),
        nan=draw(numbers),
        positive_infinite=draw(numbers),
        negative_infinite=draw(numbers),
        unreadable=draw(numbers),
        sums=Sums(
            total=draw(bound),
            squares=draw(bound | st.just(math.inf)),
            below=draw(bound),
            above=draw(bound),
            minimum=draw(st.none() | bound),
            maximum=draw(st.none() | bound),
        ),
    )


@given(_counts())
def test_counts_come_back_bit_for_bit(counts: Counts) -> None:
    decoded = decode_counts(encode_counts(counts), counts.grid, what="column a")

    assert same_counts(decoded, counts)
    assert repr(decoded.sums) == repr(counts.sums)


@given(_number_grids())
def test_number_grids_come_back_bit_for_bit(grid: NumberGrid) -> None:
    decoded = decode_grid(encode_grid(grid), what="column a")

    assert isinstance(decoded, NumberGrid)
    assert (decoded.kind, decoded.precision) == (grid.kind, grid.precision)
    assert decoded.points.tobytes() == grid.points.tobytes()
    assert decoded.fingerprint == grid.fingerprint


@given(_category_grids())
def test_category_grids_come_back_with_every_name(grid: CategoryGrid) -> None:
    decoded = decode_grid(encode_grid(grid), what="column a")

    assert isinstance(decoded, CategoryGrid)
    for name in ("names", "others", "knows_all", "singletons", "doubletons", "kind"):
        assert getattr(decoded, name) == getattr(grid, name)


def test_decoded_counts_can_be_added_to() -> None:
    grid = NumberGrid(points=np.array([1.0, 2.0]))
    counts = count_numbers(grid, np.array([1.0, 5.0]))

    decoded = decode_counts(encode_counts(counts), grid, what="column a")
    decoded.cells[0] += 1

    assert (decoded + counts).cells.tolist() == [1, 2, 0, 0, 2]


def _example() -> Counts:
    generator = np.random.default_rng(1)
    grid = build_number_grid(generator.normal(size=100_000))
    return count_numbers(grid, generator.normal(size=2_000))


def test_a_window_of_two_thousand_rows_takes_less_than_two_kilobytes() -> None:
    assert len(encode_counts(_example())) < 2_000


def test_a_window_of_two_thousand_rows_is_encoded_and_decoded_in_a_moment() -> None:
    counts = _example()
    data = encode_counts(counts)

    there = min(timeit.repeat(lambda: encode_counts(counts), number=20, repeat=10)) / 20
    back = min(timeit.repeat(lambda: decode_counts(data, counts.grid, what=""), number=20, repeat=10)) / 20

    # 0.06 and 0.03 ms on the machine this was written on; the limit leaves room for a busy one.
    assert there < 0.00045
    assert back < 0.00045


@pytest.mark.parametrize("place", [0, 1, 2, 3, 40, -20, -1])
def test_a_flipped_bit_is_noticed_and_the_message_says_where(place: int) -> None:
    counts = _example()
    data = bytearray(encode_counts(counts))
    data[place] ^= 0x40

    with pytest.raises(StoreError, match="flights, column delay"):
        decode_counts(bytes(data), counts.grid, what="flights, column delay")


@given(st.data())
def test_no_damage_gets_through_or_ends_in_another_error(data: st.DataObject) -> None:
    grid = NumberGrid(points=np.array([1.0, 2.0, 3.0]))
    encoded = bytearray(encode_counts(count_numbers(grid, np.array([0.5, 1.0, 2.5]))))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(encoded) - 1))
        encoded[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(encoded)))

    try:
        decoded = decode_counts(bytes(encoded[:cut]), grid, what="x")
    except StoreError:
        return
    # A few bits of a zlib stream mean nothing: the level in its header, the padding at its end.
    assert decoded.cells.tolist() == [1, 1, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01C", b"\x01Cjunk", b"\x00C" + zlib.compress(b"")])
def test_bytes_that_are_no_counts_are_refused(data: bytes) -> None:
    grid = NumberGrid(points=np.array([1.0]))

    with pytest.raises(StoreError, match=r"damaged.*restore the store from a backup"):
        decode_counts(data, grid, what="x")
    with pytest.raises(StoreError, match="damaged"):
        decode_grid(data, what="x")


def test_something_after_the_end_is_refused() -> None:
    counts = _example()

    with pytest.raises(StoreError, match="something after the end"):
        decode_counts(encode_counts(counts) + b"\0", counts.grid, what="x")


def test_a_newer_format_asks_for_the_newer_program() -> None:
    counts = _example()

    with pytest.raises(StoreError, match="format 2, and this version reads up to 1"):
        decode_counts(b"\x02" + encode_counts(counts)[1:], counts.grid, what="x")


def test_counts_of_another_grid_are_refused() -> None:
    data = encode_counts(empty_counts(NumberGrid(points=np.array([1.0]))))

    with pytest.raises(StoreError, match="another grid"):
        decode_counts(data, NumberGrid(points=np.array([2.0])), what="x")


def test_counts_below_zero_cannot_be_stored() -> None:
    grid = NumberGrid(points=np.array([1.0]))

    with pytest.raises(ValueError, match="below zero"):
        encode_counts(Counts(grid=grid, cells=np.array([0, -1, 0])))


def test_counts_that_were_read_are_written_in_the_same_bytes() -> None:
    grid = build_number_grid(np.arange(500.0))
    body = write_counts(count_numbers(grid, np.array([1.0, 2.5, 2.5, 900.0]), missing=3))

    for keep in (False, True):
        found = read_counts(body, grid, keep)
        assert write_counts(found) == body
        assert (write_counts(found) is body) is keep
