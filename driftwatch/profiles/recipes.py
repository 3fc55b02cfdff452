"""How a derived column is computed from the columns that carry it: fitted once, then frozen.

*Why derived columns:* when two columns lose what ties them together, each of them may look as it always
did. Its counts cannot tell; those of their product can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["FURTHEST", "STEP", "Form", "Recipe", "Standard", "compute_values", "standardise"]

FURTHEST = 10.0
"""Standardised values beyond it are taken for it, so that no outlier speaks for all rows."""
STEP = 2.0**-10
"""Derived values are rounded to it: the last bits differ between machines, and between float types."""

Values = NDArray[np.float64]


class Form(StrEnum):
    """What is made of the standardised values of a row."""

    PRODUCT = "product"  # Of two columns: its mean over the reference is their correlation.
    SCORE = "score"  # How far the row lies along one direction.
    NORM = "norm"  # How far it lies from the origin in the space of several directions.


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """How the values of a carrying column are standardised.

    `centre` and `spread` (above 0) are in the column's units, `mean` and `deviation` (above 0) those of what
    they make of the reference.
    """

    column: str
    centre: float
    spread: float
    mean: float = 0.0
    deviation: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recipe:
    """How a derived column is computed, and in words what it shows.

    `directions` has shape (directions, carriers): none for a product, one for a score.
    """

    form: Form
    shows: str
    carriers: tuple[Standard, ...]
    directions: Values

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that carry it."""
        return tuple(carrier.column for carrier in self.carriers)


def standardise(values: Values, standard: Standard) -> Values:
    """Return `values` with about mean 0 and deviation 1 in the reference; NaN where there is no finite one.

    Examples
    --------
    >>> standardise(np.array([12.0, np.inf, 1e9]), Standard(column="x", centre=10.0, spread=2.0)).tolist()
    [1.0, nan, 10.0]
    """
    with np.errstate(over="ignore"):
        steps = np.clip((values - standard.centre) / standard.spread, -FURTHEST, FURTHEST)
    steps[~np.isfinite(values)] = np.nan
    return np.asarray((steps - standard.mean) / standard.deviation)


def compute_values(
    recipes: Mapping[str, Recipe], standardised: Mapping[str, Values]
) -> Iterator[tuple[str, Values]]:
    """Yield the values of each derived column, with its name, rounded to `STEP`.

    Parameters
    ----------
    recipes
        What to compute, by name.
    standardised
        The standardised values of every column that carries one of them, all of shape (rows,).

    Yields
    ------
    str, ndarray
        Shape (rows,). Products and scores have any sign, norms none. A product is NaN where a factor is; for
        scores and norms NaN counts as 0, the centre.

    Examples
    --------
    >>> carriers = tuple(Standard(column=name, centre=0.0, spread=1.0) for name in "xy")
    >>> rows = {"x": np.array([1.0, 2.0]), "y": np.array([-3.0, np.nan])}
    >>> product = Recipe(form=Form.PRODUCT, shows="x, y", carriers=carriers, directions=np.empty((0, 2)))
    >>> norm = Recipe(form=Form.NORM, shows="both", carriers=carriers, directions=np.eye(2))
    >>> {name: values.round(2).tolist() for name, values in compute_values({"p": product, "n": norm}, rows)}
    {'p': [-3.0, nan], 'n': [3.16, 2.0]}
    """
    stacked: dict[tuple[str, ...], Values] = {}
    for name, recipe in recipes.items():
        columns = recipe.columns
        if recipe.form is Form.PRODUCT:
            yield name, _round(standardised[columns[0]] * standardised[columns[1]])
            continue
        if columns not in stacked:
            rows = np.stack([standardised[column] for column in columns])
            stacked[columns] = np.where(np.isnan(rows), 0.0, rows)
        # Not the operator @: its threads fight for the processor, which made a reference take seconds.
        along = np.einsum("kj,ji->ki", recipe.directions, stacked[columns])
        scored = along[0] if recipe.form is Form.SCORE else np.sqrt(np.einsum("ki,ki->i", along, along))
        yield name, _round(scored)


def _round(values: Values) -> Values:
    # Adding 0.0 turns −0.0 into 0.0.
    return np.asarray(np.rint(values / STEP) * STEP + 0.0)
