"""Recipes of derived columns as JSON, which gives back every number bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from driftwatch.errors import StoreError
from driftwatch.profiles.grid import Grid, NumberGrid, get_recipe
from driftwatch.profiles.recipes import Form, Recipe, Standard

__all__ = ["attach_recipes", "describe_recipes", "list_derived"]

_FORMAT = 1


def describe_recipes(grids: Mapping[str, Grid]) -> dict[str, Any] | None:
    """Return how the derived columns among `grids` are computed, JSON-safe; None without any.

    Carriers are written once and then named by their place, for scores share all of theirs.
    """
    recipes = {name: recipe for name, grid in grids.items() if (recipe := get_recipe(grid))}
    if not recipes:
        return None
    carriers = {carrier.column: carrier for recipe in recipes.values() for carrier in recipe.carriers}
    place = {column: number for number, column in enumerate(carriers)}
    return {
        "format": _FORMAT,
        "carriers": [
            [one.column, one.centre, one.spread, one.mean, one.deviation] for one in carriers.values()
        ],
        "recipes": [
            {
                "name": name,
                "form": recipe.form.value,
                "shows": recipe.shows,
                "carriers": [place[column] for column in recipe.columns],
                "directions": recipe.directions.tolist(),
            }
            for name, recipe in recipes.items()
        ],
    }


def list_derived(described: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the names of the columns that `describe_recipes` was about."""
    return frozenset(one["name"] for one in described["recipes"]) if described else frozenset()


def attach_recipes(
    grids: Mapping[str, Grid], described: Mapping[str, Any] | None, *, what: str
) -> dict[str, Grid]:
    """Return `grids` with the recipes that `describe_recipes` described.

    Raises StoreError, naming `what`, where the description is damaged or written by a newer driftwatch.
    """
    if described is None:
        return dict(grids)
    if described.get("format", 0) > _FORMAT:
        raise StoreError(f"{what}: its recipes were written by a newer driftwatch; upgrade the program")
    try:
        return {**grids, **_attach(grids, described)}
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise StoreError(f"{what}: its recipes are damaged; restore the store from a backup") from error


def _attach(grids: Mapping[str, Grid], described: Mapping[str, Any]) -> dict[str, Grid]:
    carriers = [
        Standard(column=column, centre=centre, spread=spread, mean=mean, deviation=deviation)
        for column, centre, spread, mean, deviation in described["carriers"]
    ]
    attached: dict[str, Grid] = {}
    for one in described["recipes"]:
        grid, own = grids[one["name"]], tuple(carriers[place] for place in one["carriers"])
        if not isinstance(grid, NumberGrid):
            raise TypeError(f"the grid of {one['name']!r} has no points")
        recipe = Recipe(
            form=Form(one["form"]),
            shows=one["shows"],
            carriers=own,
            directions=np.array(one["directions"], dtype=np.float64).reshape(-1, len(own)),
        )
        attached[one["name"]] = replace(grid, recipe=recipe)
    return attached
