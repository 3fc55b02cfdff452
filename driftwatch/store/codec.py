"""Grids and counts as bytes: small, exact, and refused when damaged.

Every value is one byte for the format, one for what it is, then a zlib stream (level 1, with its own
checksum). Numbers are little-endian. The cells of counts stand either all in a row or, when that is
smaller, as one bit a cell that says whether it is empty and then the counts of the others.
"""

from __future__ import annotations

import math
import struct
import zlib
from itertools import accumulate, pairwise
from typing import Any, get_args
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import StoreError
from driftwatch.profiles.counts import Counts, Sums
from driftwatch.profiles.grid import CategoryGrid, Grid, NumberGrid, Precision

__all__ = ["decode_counts", "decode_grid", "encode_counts", "encode_grid", "read_counts", "write_counts"]

_FORMAT = 1
_NUMBERS, _CATEGORIES, _COUNTS = b"N", b"G", b"C"
_NUMBER_KINDS = ("number", "time")
_CATEGORY_KINDS = ("category", "boolean")
_PRECISIONS: tuple[Precision, ...] = get_args(Precision)
_WIDTHS = (np.dtype("<u1"), np.dtype("<u2"), np.dtype("<u4"), np.dtype("<u8"))
# First 8 bytes of the grid's fingerprint, cells, bytes a count, whether sparse, whether there is a
# minimum and a maximum, the five counts of rows without a value, the six sums.
_COUNTS_HEAD = struct.Struct("<8sIBBB5Q6d")
_NUMBERS_HEAD = struct.Struct("<BBI")
_CATEGORIES_HEAD = struct.Struct("<BBQQII")
_WRITTEN: WeakKeyDictionary[Counts, bytes] = WeakKeyDictionary()
# No grid or batch of ours comes near; a damaged length must not fill the memory.
_LARGEST = 2**30


def encode_counts(counts: Counts) -> bytes:
    """Return `counts` as bytes to be stored, without their grid."""
    return _pack(_COUNTS, write_counts(counts))


def write_counts(counts: Counts) -> bytes:
    """Return `counts` as bytes that are not packed: for another process, which has their grid."""
    known = _WRITTEN.get(counts)
    if known is not None:
        return known
    cells = counts.cells
    greatest, least = (int(cells.max()), int(cells.min())) if len(cells) else (0, 0)
    if least < 0:
        raise ValueError("counts below zero cannot be stored")
    width = _choose_width(greatest)
    filled = cells != 0
    taken = int(np.count_nonzero(filled))
    is_sparse = len(cells) // 8 + taken * width.itemsize < len(cells) * width.itemsize
    sums = counts.sums
    head = _COUNTS_HEAD.pack(
        bytes.fromhex(counts.grid.fingerprint[:16]),
        len(cells),
        width.itemsize,
        is_sparse,
        (sums.minimum is not None) + 2 * (sums.maximum is not None),
        *counts.apart,
        *(sums.total, sums.squares, sums.below, sums.above),
        *(0.0 if bound is None else bound for bound in (sums.minimum, sums.maximum)),
    )
    if is_sparse:
        return b"".join((head, np.packbits(filled).tobytes(), cells[filled].astype(width).tobytes()))
    return b"".join((head, cells.astype(width).tobytes()))


def decode_counts(data: bytes, grid: Grid, *, what: str) -> Counts:
    """Return the counts that `encode_counts` made of a batch on `grid`.

    `what` names them in the StoreError raised for bytes that are damaged, of a newer format or of
    another grid.
    """
    body = _unpack(data, _COUNTS, what)
    try:
        return read_counts(body, grid)
    except (struct.error, ValueError, IndexError) as error:
        raise _damage(what, str(error)) from error


def encode_grid(grid: Grid) -> bytes:
    """Return `grid` as bytes."""
    if isinstance(grid, NumberGrid):
        kind, precision = _NUMBER_KINDS.index(grid.kind), _PRECISIONS.index(grid.precision)
        head = _NUMBERS_HEAD.pack(kind, precision, len(grid.points))
        return _pack(_NUMBERS, head + grid.points.astype("<f8").tobytes())
    names = [name.encode("utf-8", "surrogatepass") for name in (*grid.names, *grid.others)]
    head = _CATEGORIES_HEAD.pack(
        _CATEGORY_KINDS.index(grid.kind),
        grid.knows_all,
        grid.singletons,
        grid.doubletons,
        len(grid.names),
        len(grid.others),
    )
    lengths = np.array([len(name) for name in names], dtype="<u4")
    return _pack(_CATEGORIES, head + lengths.tobytes() + b"".join(names))


def decode_grid(data: bytes, *, what: str) -> Grid:
    """Return the grid that `encode_grid` was given; StoreError names `what` when the bytes are damaged."""
    is_number = data[1:2] == _NUMBERS
    body = _unpack(data, _NUMBERS if is_number else _CATEGORIES, what)
    try:
        return _read_number_grid(body) if is_number else _read_category_grid(body)
    except (struct.error, ValueError, IndexError) as error:
        raise _damage(what, str(error)) from error


def _choose_width(greatest: int) -> np.dtype[Any]:
    return next(width for width in _WIDTHS if greatest < 1 << (8 * width.itemsize))


def _pack(tag: bytes, body: bytes) -> bytes:
    return bytes([_FORMAT]) + tag + zlib.compress(body, 1)


def _unpack(data: bytes, tag: bytes, what: str) -> bytes:
    if data[:1] and data[0] > _FORMAT:
        raise StoreError(
            f"{what}: stored in format {data[0]}, and this version reads up to {_FORMAT}; "
            "use the newer driftwatch that wrote it"
        )
    if data[:2] != bytes([_FORMAT]) + tag:
        raise _damage(what, "the first two bytes are not ours")
    stream = zlib.decompressobj()
    try:
        body = stream.decompress(data[2:], _LARGEST)
    except zlib.error as error:
        raise _damage(what, str(error)) from error
    if not stream.eof or stream.unused_data:
        raise _damage(what, "the end is missing" if not stream.eof else "there is something after the end")
    return body


def _damage(what: str, why: str) -> StoreError:
    return StoreError(f"{what}: the stored bytes are damaged ({why}); restore the store from a backup")


def read_counts(body: bytes, grid: Grid, keep: bool = False) -> Counts:
    """Return the counts that `write_counts` wrote of a batch on `grid`.

    With `keep` the bytes are at hand for as long as the counts are, to be written again. Raises ValueError,
    IndexError or struct.error for anything else.
    """
    mark, size, width, is_sparse, bounds, *rest = _COUNTS_HEAD.unpack_from(body)
    if mark != bytes.fromhex(grid.fingerprint[:16]) or size != grid.cells:
        raise ValueError("they were counted on another grid")
    missing, nan, positive, negative, unreadable, total, squares, below, above, minimum, maximum = rest
    counts = Counts(
        grid=grid,
        cells=_read_cells(body, size, _WIDTHS[int(math.log2(width))], is_sparse=bool(is_sparse)),
        missing=missing,
        nan=nan,
        positive_infinite=positive,
        negative_infinite=negative,
        unreadable=unreadable,
        sums=Sums(
            total=total,
            squares=squares,
            below=below,
            above=above,
            minimum=minimum if bounds & 1 else None,
            maximum=maximum if bounds & 2 else None,
        ),
    )
    if keep:
        _WRITTEN[counts] = body
    return counts


def _read_cells(body: bytes, size: int, width: np.dtype[Any], *, is_sparse: bool) -> NDArray[np.int64]:
    start = _COUNTS_HEAD.size
    if not is_sparse:
        return np.frombuffer(body, dtype=width, count=size, offset=start).astype(np.int64)
    bits = np.frombuffer(body, dtype=np.uint8, count=-(-size // 8), offset=start)
    filled = np.unpackbits(bits, count=size).view(np.bool_)
    cells = np.zeros(size, dtype=np.int64)
    cells[filled] = np.frombuffer(body, dtype=width, offset=start + len(bits))
    return cells


def _read_number_grid(body: bytes) -> NumberGrid:
    kind, precision, size = _NUMBERS_HEAD.unpack_from(body)
    points = np.frombuffer(body, dtype="<f8", count=size, offset=_NUMBERS_HEAD.size).astype(np.float64)
    return NumberGrid(
        points=points,
        kind="time" if _NUMBER_KINDS[kind] == "time" else "number",
        precision=_PRECISIONS[precision],
    )


def _read_category_grid(body: bytes) -> CategoryGrid:
    kind, knows_all, singletons, doubletons, named, others = _CATEGORIES_HEAD.unpack_from(body)
    lengths = np.frombuffer(body, dtype="<u4", count=named + others, offset=_CATEGORIES_HEAD.size)
    start = _CATEGORIES_HEAD.size + lengths.nbytes
    places = list(accumulate(lengths.tolist(), initial=start))
    if places[-1] != len(body):
        raise ValueError("the names do not fill it")
    names = [body[begin:end].decode("utf-8", "surrogatepass") for begin, end in pairwise(places)]
    return CategoryGrid(
        names=tuple(names[:named]),
        others=tuple(names[named:]),
        knows_all=bool(knows_all),
        singletons=singletons,
        doubletons=doubletons,
        kind="boolean" if _CATEGORY_KINDS[kind] == "boolean" else "category",
    )
