"""How the law of every column of a simulated world moves from window to window, before any row is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, stdtrit

from tests.support.world_specs import WorldSpec

__all__ = ["Signals", "draw_signals"]

Floats = NDArray[np.float64]

_DAYS_A_YEAR = 365.25
_MISSING_WOBBLE = 0.2
"""The standard deviation of the log-odds of a missing share."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signals:
    """The laws of T windows of a world with P number columns and Q category columns.

    `rows` has shape (T,), `location` and `scale` of the number columns (T, P), `missing` shares (T, P + Q).
    `log_odds` has for each category column the logarithms of its shares, up to a constant, shape (T, names).
    """

    rows: NDArray[np.int64]
    location: Floats
    scale: Floats
    log_odds: tuple[Floats, ...]
    missing: Floats


def draw_signals(spec: WorldSpec, rng: np.random.Generator) -> Signals:
    """Return the signals of all windows, the reference's first. Shifts take nothing from `rng`."""
    phase = rng.uniform(0, 2 * math.pi)
    rows = _draw_rows(spec, rng)
    sizes = np.array(spec.number_wobbles)
    common = _draw_path(spec, rng, 1)
    location = sizes * _draw_wobble(spec, rng, spec.columns, common)
    location += _build_seasons(spec, phase) + _build_shifts(spec)
    # Drawn even where it is not used, so that two worlds differ only in what their settings say.
    stretch = sizes * _draw_wobble(spec, rng, spec.columns, _draw_path(spec, rng, 1))
    missing = _draw_wobble(spec, rng, spec.columns + len(spec.categories), _draw_path(spec, rng, 1))
    return Signals(
        rows=rows,
        location=location,
        scale=np.exp(stretch) if spec.scale_wobble else np.ones_like(stretch),
        log_odds=tuple(_draw_log_odds(spec, rng, place, common) for place in range(len(spec.categories))),
        missing=_build_missing(spec, missing),
    )


def _draw_wobble(spec: WorldSpec, rng: np.random.Generator, width: int, common: Floats) -> Floats:
    """Return `width` columns of wobble, shape (T, width), of mean 0 and variance 1, half of it `common`."""
    return _bend(spec, math.sqrt(0.5) * (common + _draw_path(spec, rng, width)))


def _bend(spec: WorldSpec, normal: Floats) -> Floats:
    """Return standard normal wobble with the tails that `spec` asks for and a variance of 1."""
    if spec.tails == "normal":
        return normal
    # Bent by its ranks: its law is exactly Student's t, and its memory a little shorter.
    return np.asarray(stdtrit(3, ndtr(normal)) / math.sqrt(3))


def _draw_path(spec: WorldSpec, rng: np.random.Generator, width: int) -> Floats:
    """Return standard normal paths over all windows; in hourly worlds half of one stays for a whole day."""
    found = _draw_memory(rng, spec.windows, width, spec.memory)
    if spec.windows_a_day == 1:
        return found
    days = np.arange(spec.windows) // spec.windows_a_day
    daily = _draw_memory(rng, int(days[-1]) + 1, width, spec.memory)
    return np.asarray(math.sqrt(0.5) * (found + daily[days]))


def _draw_memory(rng: np.random.Generator, count: int, width: int, memory: float) -> Floats:
    """Return a stationary autoregression of order one with variance 1."""
    found = rng.standard_normal((count, width))
    if memory:
        found[1:] *= math.sqrt(1 - memory**2)
        for place in range(1, count):
            found[place] += memory * found[place - 1]
    return found


def _find_weekend(spec: WorldSpec) -> NDArray[np.bool_]:
    # The first window of a world begins on a Monday.
    return np.arange(spec.windows) // spec.windows_a_day % 7 >= 5


def _find_hour(spec: WorldSpec) -> Floats:
    """Return the part of the day that is over when a window begins, 0 to 1."""
    return np.arange(spec.windows) % spec.windows_a_day / spec.windows_a_day


def _draw_rows(spec: WorldSpec, rng: np.random.Generator) -> NDArray[np.int64]:
    noise = np.exp(spec.jitter * rng.standard_normal(spec.windows) - spec.jitter**2 / 2)
    if spec.alternate is not None:
        return np.resize(np.array(spec.alternate, dtype=np.int64), spec.windows)
    usual = spec.rows * np.where(_find_weekend(spec), spec.weekend_rows, 1.0)
    if spec.windows_a_day > 1:
        day = (1 - np.cos(2 * math.pi * _find_hour(spec))) / 2
        usual = usual * (spec.night_rows + (1 - spec.night_rows) * day)
    rows: NDArray[np.int64] = np.maximum(1, np.rint(usual * noise)).astype(np.int64)
    return rows


def _build_seasons(spec: WorldSpec, phase: float) -> Floats:
    place, weekend = np.arange(spec.columns), _find_weekend(spec)
    days = np.arange(spec.windows) / spec.windows_a_day
    year = np.sin(2 * math.pi * days / _DAYS_A_YEAR + phase)
    found = spec.weekend * np.outer(weekend, place % 4 == 3)
    found += spec.trend * np.outer(year, place % 4 == 1)
    if spec.windows_a_day > 1:
        day = np.sin(2 * math.pi * (_find_hour(spec) - np.where(weekend, 0.25, 0.0)))
        found += spec.hours * np.outer(day, place % 2 == 1)
    return np.asarray(found, dtype=np.float64)


def _build_shifts(spec: WorldSpec) -> Floats:
    found = np.zeros((spec.windows, spec.columns))
    for shift in spec.shifts:
        first = max(0, spec.counted_from + shift.first)
        until = spec.windows if shift.until is None else max(0, spec.counted_from + shift.until)
        columns = slice(None) if shift.column is None else shift.column
        found[first:until, columns] += shift.sigmas
    return found


def _build_missing(spec: WorldSpec, wobble: Floats) -> Floats:
    shares = np.resize(np.array(spec.missing, dtype=np.float64), wobble.shape[1])
    with np.errstate(divide="ignore"):
        middle = np.log(shares) - np.log1p(-shares)
    return np.asarray(expit(middle + _MISSING_WOBBLE * wobble))


def _draw_log_odds(spec: WorldSpec, rng: np.random.Generator, place: int, common: Floats) -> Floats:
    names = spec.categories[place]
    # What moves all columns makes some names more frequent and others less; each name wobbles by itself too.
    weights = rng.standard_normal(names)
    wobble = _bend(spec, common) * weights + _bend(spec, _draw_path(spec, rng, names))
    found = -np.log(np.arange(1.0, names + 1)) + spec.category_wobbles[place] * math.sqrt(0.5) * wobble
    if place % 4 == 3:
        found += spec.weekend * np.outer(_find_weekend(spec), weights)
    return np.asarray(found)
