"""How a derived column is computed from the columns that carry it: fitted once, then frozen.

*Why derived columns:* when two columns lose what ties them together, each of them may look as it always
did. Its counts cannot tell; those of their product can.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def compute_values(recipe: Recipe, standardised: Mapping[str, Values]) -> Values:
    """Return the value of every row, rounded to `STEP`; NaN for a product of which a factor is missing.

    Parameters
    ----------
    recipe
        What to compute.
    standardised
        The standardised values of each column that carries it, all of shape (rows,). For a score and a norm
        NaN counts as 0, the centre.

    Returns
    -------
    ndarray
        Shape (rows,): any sign for products and scores, 0 and up for norms.

    Examples
    --------
    >>> carriers = tuple(Standard(column=name, centre=0.0, spread=1.0) for name in "xy")
    >>> rows = {"x": np.array([1.0, 2.0]), "y": np.array([-3.0, np.nan])}
    >>> directions = np.empty((0, 2))
    >>> product = Recipe(form=Form.PRODUCT, shows="x and y", carriers=carriers, directions=directions)
    >>> compute_values(product, rows).tolist()
    [-3.0, nan]
    >>> norm = Recipe(form=Form.NORM, shows="both", carriers=carriers, directions=np.array([[0.8, 0.0]]))
    >>> compute_values(norm, rows).round(2).tolist()
    [0.8, 1.6]
    """
    columns = [standardised[name] for name in recipe.columns]
    if recipe.form is Form.PRODUCT:
        return _round(columns[0] * columns[1])
    along = np.nan_to_num(np.column_stack(columns)) @ recipe.directions.T
    if recipe.form is Form.SCORE:
        return _round(along[:, 0])
    return _round(np.sqrt(np.einsum("ij,ij->i", along, along)))


def _round(values: Values) -> Values:
    # Adding 0.0 turns −0.0 into 0.0.
    return np.asarray(np.rint(values / STEP) * STEP + 0.0)
