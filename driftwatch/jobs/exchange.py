"""What a process and its reading children say to each other, as pickles.

A child is this program itself, started by the process that trusts it; yet a file that takes a child's parser
over must not get any further. So answers are unpickled as values of a few known classes, and nothing else.
"""

from __future__ import annotations

import io
import pickle
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from math import isnan, nan
from typing import Any, Final
from urllib.parse import urlsplit

from driftwatch import errors
from driftwatch.errors import DriftwatchError, SourceError
from driftwatch.incidents.compared import Compared
from driftwatch.jobs.batches import Batch
from driftwatch.jobs.monitor import Monitor
from driftwatch.net.secrets import Secret
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.grid import CategoryGrid, Grid, NumberGrid
from driftwatch.profiles.joint import Layout
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import Statistic
from driftwatch.store.codec import read_counts, write_counts

__all__ = [
    "OUT_OF_MEMORY",
    "Close",
    "CountJoint",
    "CountRows",
    "Done",
    "Failed",
    "Faulty",
    "Keep",
    "Need",
    "Open",
    "Parcel",
    "ReadReference",
    "Take",
    "describe_error",
    "pack",
    "read_compared",
    "rebuild_error",
    "unpack_answer",
    "unpack_task",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """To a child: keep what `content` is a pickle of, a monitor or usual counts, under `key`. Done."""

    key: bytes
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """To a child: these windows will be taken, in order. Done, or Need where a key is not kept."""

    monitor: bytes
    usual: bytes
    windows: tuple[Window, ...]
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """To a child: count and compare this window. Done with its batch, or whatever went wrong."""

    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """To a child: no window will be taken any more. Done with the child's own size in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReference:
    """To a child: read a reference. Done with it, or whatever went wrong."""

    monitor: Monitor
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRows:
    """To a child: count the rows of windows, reading one column. Done with the numbers, in order."""

    monitor: Monitor
    windows: tuple[Window, ...]
    column: str | None
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountJoint:
    """To a child: count the rows of windows by two columns at once. Done with the counts."""

    monitor: Monitor
    windows: tuple[Window, ...]
    layout: Layout
    at_most: int
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """From a child: what was asked for."""

    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """From a child: these keys are not kept; send them and ask again."""

    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """From a child: an error that a user can mend, by the name of its class in `driftwatch.errors`."""

    error: str
    message: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """From a child: an error that is a fault, by its class and the places that it came through.

    Its message is left out: nobody knows what secrets it may hold.
    """

    error: str
    places: tuple[str, ...]


_NOTHING: Final = nan
"""Stands for None among numbers: no statistic is NaN."""

OUT_OF_MEMORY: Final = pickle.dumps("out of memory", protocol=5)
"""From a child: the memory it may use is used up. Made beforehand, for then nothing can be made any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A pickle, and the texts in it that must not be shown."""

    content: bytes
    hidden: frozenset[str]


class _Packer(pickle.Pickler):
    """Lays secrets open, which refuse it to anybody else: a child needs them to read with.

    Of counts only the cells that hold rows are sent, and grids that the other side has by their name alone:
    a window of 200 rows fills 200 of a grid's 8,000 cells.
    """

    def __init__(self, file: io.BytesIO, grids: Mapping[str, Grid]) -> None:
        super().__init__(file, protocol=5)
        self.secrets: list[Secret] = []
        self._names = {id(grid): name for name, grid in grids.items()}

    def persistent_id(self, found: Any) -> str | None:
        return self._names.get(id(found)) if isinstance(found, NumberGrid | CategoryGrid) else None

    def reducer_override(self, found: Any) -> Any:
        if isinstance(found, Counts):
            # What is sent of a window is about to be stored in the same form.
            return read_counts, (write_counts(found), found.grid, id(found.grid) in self._names)
        if isinstance(found, Compared):
            return read_compared, _write_compared(found)
        if not isinstance(found, Secret):
            return NotImplemented
        self.secrets.append(found)
        return Secret, (found.reveal_parts(),)


def pack(value: Any, grids: Mapping[str, Grid] | None = None) -> Parcel:
    """Return `value` as a pickle that holds its secrets in the clear: for a child's socket only.

    `grids` are those that the other side has too. Raises SourceError where a part of it cannot be pickled.
    """
    file = io.BytesIO()
    packer = _Packer(file, grids or {})
    try:
        packer.dump(value)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise SourceError(f"{_find_unsendable(error)} cannot be sent to the process that reads it") from None
    hidden = {text for secret in packer.secrets for text in _list_texts(secret)}
    return Parcel(content=file.getvalue(), hidden=frozenset(hidden))


def _find_unsendable(error: Exception) -> str:
    return f"a source ({type(error).__name__}: its settings must be values that pickle can copy)"


def _list_texts(secret: Secret) -> list[str]:
    text = secret.reveal()
    try:
        password = urlsplit(text).password if "://" in text else None
    except ValueError:
        password = None
    return [one for one in (text, password) if one]


def unpack_task(content: bytes | bytearray) -> Any:
    """Return what the parent sent."""
    return pickle.loads(content)  # noqa: S301 - a child believes the process that started it.


def unpack_answer(content: bytes | bytearray, grids: Mapping[str, Grid] | None = None) -> Any:
    """Return what a child sent; `grids` are those that it knows by name.

    Raises pickle.UnpicklingError for what no child of ours would say.
    """
    try:
        return _AnswerReader(io.BytesIO(content), grids or {}).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever damaged bytes can lead to.
        raise pickle.UnpicklingError(f"damaged: {type(error).__name__}") from None


_ARRAYS: Final = frozenset(
    (module, name)
    for module in ("numpy", "numpy._core.multiarray", "numpy._core.numeric", "numpy.core.multiarray")
    for name in ("ndarray", "dtype", "_reconstruct", "_frombuffer", "scalar")
)
_TIMES: Final = frozenset(
    ("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")
)


def _write_compared(found: Compared) -> tuple[dict[str, tuple[str, ...]], bytes, dict[str, float]]:
    """Return what `read_compared` is called with: one run of numbers, for a pickle looks at every object."""
    named = {column: tuple(by_name) for column, by_name in found.statistics.items()}
    numbers = array("d")
    for by_name in found.statistics.values():
        for one in by_name.values():
            numbers.extend(_NOTHING if part is None else part for part in one.parts)
    return named, numbers.tobytes(), dict(found.moved_shares)


def read_compared(
    named: Mapping[str, tuple[str, ...]], content: bytes, moved_shares: Mapping[str, float]
) -> Compared:
    """Return what a child has measured: its statistics by column and name, and their numbers.

    Raises ValueError where these are not as many as the names ask for.
    """
    numbers = array("d")
    numbers.frombytes(content)
    parts = iter([None if isnan(number) else number for number in numbers])
    # Five numbers each, in the order of `PARTS`.
    statistics = (
        Statistic(value=value, low=low, high=high, p_value=p_value, debiased=debiased)
        for value, low, high, p_value, debiased in zip(parts, parts, parts, parts, parts, strict=True)
    )
    found = {
        column: dict(zip(names, islice(statistics, len(names)), strict=True))
        for column, names in named.items()
    }
    if next(statistics, None) is not None:
        raise ValueError("there are more numbers than names")
    return Compared(statistics=found, moved_shares=moved_shares)


class _AnswerReader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, grids: Mapping[str, Grid]) -> None:
        super().__init__(file)
        self._grids = grids

    def persistent_load(self, pid: Any) -> Grid:
        return self._grids[pid]

    def find_class(self, module: str, name: str) -> Any:
        for known in (read_counts, read_compared, Batch):
            if (module, name) == (known.__module__, known.__name__):
                return known
        if (module, name) in _ARRAYS or (module, name) in _TIMES:
            return super().find_class(module, name)
        if (module == __name__ or module.startswith("driftwatch.profiles.")) and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an answer")


def describe_error(error: DriftwatchError) -> Failed:
    """Return an error as it is sent; one of a class of somebody else's as the nearest of ours."""
    name = next(one.__name__ for one in type(error).__mro__ if one.__name__ in errors.__all__)
    return Failed(error=name, message=str(error), again=bool(getattr(error, "again", False)))


def rebuild_error(failed: Failed) -> DriftwatchError:
    """Return the error that was sent."""
    if failed.error == SourceError.__name__:
        return SourceError(failed.message, again=failed.again)
    found = getattr(errors, failed.error) if failed.error in errors.__all__ else DriftwatchError
    error: DriftwatchError = found(failed.message)
    return error
