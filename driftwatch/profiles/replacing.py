"""Some columns of a reference as another one has them, the rest as they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from driftwatch.errors import DataError
from driftwatch.profiles.counts import Counts, empty_counts
from driftwatch.profiles.grid import Grid, get_recipe
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Block, Reference
from driftwatch.profiles.window import Window

__all__ = ["replace_columns"]


def replace_columns(reference: Reference, other: Reference, columns: Collection[str]) -> Reference:
    """Return `reference` with `columns`, and what is derived from them, as `other` has them.

    Its blocks and those of `other` stand side by side: in each, the columns of the other are absent. A
    reference without time stays one block. The version is 0: no store has it yet.

    Raises DataError where `other` does not judge one of `columns`, with its reason.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from driftwatch.profiles.build import build_reference
    >>> from driftwatch.profiles.columns import ColumnOptions
    >>> def build(a, b):
    ...     return build_reference([(None, pa.table({"a": a, "b": b}))], ColumnOptions())
    >>> found = replace_columns(build([1.5, 2.5], [1.5, 2.5]), build([8.5, 9.5], [0.5, 0.5]), {"a"})
    >>> found.grids["a"].points.tolist(), found.grids["b"].points.tolist()
    ([8.5, 9.5], [1.5, 2.5])
    """
    whys = {one.column: one.why for one in other.skipped}
    for name in columns:
        if name not in other.grids:
            raise DataError(f"{name} cannot be judged anew: {whys.get(name, 'its windows do not have it')}")
    renewed = {name for name, grid in other.grids.items() if _concerns(name, grid, columns)}
    gone = {name for name, grid in reference.grids.items() if _concerns(name, grid, columns)}
    grids = {name: grid for name, grid in reference.grids.items() if name not in gone | renewed}
    own = frozenset(grids)
    grids |= {name: grid for name, grid in other.grids.items() if name in renewed}
    return replace(
        reference,
        grids=grids,
        blocks=tuple(_join_blocks(grids, own, reference, other)),
        skipped=tuple(one for one in reference.skipped if one.column not in renewed),
        version=0,
    )


def _concerns(name: str, grid: Grid, columns: Collection[str]) -> bool:
    recipe = get_recipe(grid)
    return name in columns if recipe is None else not set(columns).isdisjoint(recipe.columns)


def _join_blocks(
    grids: Mapping[str, Grid], own: frozenset[str], reference: Reference, other: Reference
) -> list[Block]:
    """Return the blocks of both in order of time; one that both have is one block."""
    theirs = frozenset(grids) - own
    if any(block.window is None for block in (*reference.blocks, *other.blocks)):
        joined = _join(grids, _pick(reference.total, own), _pick(other.total, theirs))
        return [Block(window=None, profile=joined)]
    first = {block.window: block.profile for block in reference.blocks}
    second = {block.window: block.profile for block in other.blocks}
    windows: list[Window] = sorted({window for window in (*first, *second) if window is not None})
    return [
        Block(
            window=window,
            profile=_join(grids, _pick(first.get(window), own), _pick(second.get(window), theirs)),
        )
        for window in windows
    ]


def _pick(profile: Profile | None, columns: frozenset[str]) -> Profile | None:
    """Return a profile with the counts of those of `columns` alone that were there."""
    if profile is None or profile.rows == 0:
        return None
    kept = {name: profile.columns[name] for name in columns - profile.absent if name in profile.columns}
    return replace(profile, columns=kept)


def _join(grids: Mapping[str, Grid], one: Profile | None, two: Profile | None) -> Profile:
    found: dict[str, Counts] = {**(one.columns if one else {}), **(two.columns if two else {})}
    whole = one or two
    if whole is None:
        return Profile(rows=0, columns={name: empty_counts(grid) for name, grid in grids.items()})
    return replace(
        whole,
        columns={name: found[name] if name in found else empty_counts(grid) for name, grid in grids.items()},
        absent=frozenset(grids) - frozenset(found),
        extra=frozenset(),
    )
