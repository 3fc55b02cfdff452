"""Scores, blocks of a reference and calibrations as bytes: exact, and refused when damaged.

Each is one byte for the format, one for what it is, then a zlib stream: a line of JSON with names, and
little-endian doubles.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.calibration.calibration import Calibration, CalibrationState
from driftwatch.calibration.evidence import Evidence
from driftwatch.calibration.null import Null
from driftwatch.errors import StoreError

__all__ = [
    "StoredScores",
    "decode_calibration",
    "decode_scores",
    "encode_calibration",
    "encode_scores",
]

_FORMAT = 1
_SCORES, _CALIBRATION = b"S", b"K"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredScores:
    """The evidence of windows in the order of `columns`, P of them.

    `short` and `long` have one Evidence a window. `told`, shape (windows, P), says which columns were above
    the limit by themselves. `scheme` is what the seasons of a reference's blocks are sorted by.
    """

    columns: tuple[str, ...]
    short: tuple[Evidence, ...]
    long: tuple[Evidence, ...]
    told: NDArray[np.bool_]
    scheme: str | None = None


def encode_scores(scores: StoredScores) -> bytes:
    """Return the evidence of windows as bytes."""
    head = {"columns": scores.columns, "windows": len(scores.short), "scheme": scores.scheme}
    arrays = [
        array
        for pair in zip(scores.short, scores.long, strict=True)
        for evidence in pair
        for array in (evidence.distance, evidence.chance)
    ]
    return _pack(_SCORES, head, [*arrays, scores.told.astype(np.float64).ravel()])


def decode_scores(data: bytes, *, what: str) -> StoredScores:
    """Return what `encode_scores` was given; StoreError names `what` when the bytes are damaged."""
    head, numbers = _unpack(data, _SCORES, what)
    columns, windows = tuple(head["columns"]), int(head["windows"])
    parts = 3 * len(columns) + 2
    if len(numbers) != windows * (4 * parts + len(columns)):
        raise StoreError(f"{what}: the stored scores are damaged; restore the store from a backup")
    arrays = numbers[: windows * 4 * parts].reshape(windows, 4, parts)
    return StoredScores(
        columns=columns,
        short=tuple(Evidence(distance=one[0], chance=one[1]) for one in arrays),
        long=tuple(Evidence(distance=one[2], chance=one[3]) for one in arrays),
        told=numbers[windows * 4 * parts :].reshape(windows, len(columns)) > 0,
        scheme=head["scheme"],
    )


def encode_calibration(calibration: Calibration, columns: Sequence[str]) -> bytes:
    """Return a calibration for `columns` as bytes."""
    head = {
        "columns": list(columns),
        "state": calibration.state.value,
        "missing": calibration.missing,
        "inherited": calibration.inherited,
        "windows": [calibration.short.windows, calibration.long.windows],
        "highest": [calibration.short.highest, calibration.long.highest],
    }
    short, long = calibration.short, calibration.long
    arrays = [short.wobble, short.calm, long.wobble, long.calm, calibration.weights]
    return _pack(_CALIBRATION, head, arrays)


def decode_calibration(data: bytes, columns: Sequence[str], *, what: str) -> Calibration | None:
    """Return what `encode_calibration` was given; None where it is for other columns.

    Raises StoreError, which names `what`, when the bytes are damaged.
    """
    head, numbers = _unpack(data, _CALIBRATION, what)
    if head["columns"] != list(columns):
        return None
    *arrays, weights = numbers.reshape(5, -1)
    nulls = [
        Null(wobble=wobble, calm=calm, highest=tuple(highest), windows=windows)
        for wobble, calm, highest, windows in zip(
            arrays[::2], arrays[1::2], head["highest"], head["windows"], strict=True
        )
    ]
    return Calibration(
        state=CalibrationState(head["state"]),
        short=nulls[0],
        long=nulls[1],
        weights=weights,
        missing=head["missing"],
        inherited=head["inherited"],
    )


def _pack(what: bytes, head: dict[str, Any], arrays: Sequence[NDArray[np.float64]]) -> bytes:
    line = json.dumps(head, ensure_ascii=True).encode("ascii") + b"\n"
    body = b"".join(array.astype("<f8").tobytes() for array in arrays)
    return bytes([_FORMAT]) + what + zlib.compress(line + body, level=1)


def _unpack(data: bytes, wanted: bytes, what: str) -> tuple[dict[str, Any], NDArray[np.float64]]:
    if data[:1] > bytes([_FORMAT]):
        raise StoreError(f"{what} was written by a newer driftwatch; upgrade the program")
    if data[:2] != bytes([_FORMAT]) + wanted:
        raise StoreError(f"{what} is damaged (it is something else); restore the store from a backup")
    try:
        line, body = zlib.decompress(data[2:]).split(b"\n", 1)
        return json.loads(line), np.frombuffer(body, dtype="<f8").astype(np.float64)
    except (zlib.error, ValueError, IndexError) as error:
        raise StoreError(f"{what} is damaged ({error}); restore the store from a backup") from error
