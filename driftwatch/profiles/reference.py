"""What production is compared with: grids, and the time blocks counted on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import add
from typing import TypeVar

from driftwatch.profiles.grid import Grid, get_recipe
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window

__all__ = ["Block", "Reference", "Skipped"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A column that is not judged, and why."""

    column: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One stretch of the reference; `window` is None where the reference has no time."""

    window: Window | None
    profile: Profile


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """A pinned sequence of time blocks on one set of grids.

    Blocks are kept apart, never only as their total, so that any one can be left out again.
    `version` is 0 until a store has numbered it.
    """

    grids: Mapping[str, Grid]
    blocks: tuple[Block, ...]
    skipped: tuple[Skipped, ...] = ()
    version: int = field(default=0)

    @cached_property
    def total(self) -> Profile:
        """Return all blocks together."""
        return reduce(add, (block.profile for block in self.blocks))

    def leave_out(self, whys: Mapping[str, str]) -> Reference:
        """Return the reference without the columns that `whys` names, which are skipped for these reasons.

        Derived columns that need one of them are left out too.
        """
        if not whys:
            return self
        whys = {**_explain_derived(self.grids, whys), **whys}
        blocks = (
            replace(block, profile=replace(block.profile, columns=_Without(block.profile.columns, whys)))
            for block in self.blocks
        )
        return replace(
            self,
            grids=_leave_out(self.grids, whys),
            blocks=tuple(blocks),
            skipped=(*self.skipped, *(Skipped(column=name, why=why) for name, why in whys.items())),
        )


def _explain_derived(grids: Mapping[str, Grid], whys: Mapping[str, str]) -> dict[str, str]:
    recipes = ((name, get_recipe(grid)) for name, grid in grids.items())
    needs = ((name, [one for one in recipe.columns if one in whys]) for name, recipe in recipes if recipe)
    return {name: f"derived from {gone[0]}, which is not judged" for name, gone in needs if gone}


class _Without(Mapping[str, _T]):
    """A mapping without some of its names; what it holds is looked up when it is asked for."""

    def __init__(self, whole: Mapping[str, _T], names: Mapping[str, str]) -> None:
        self._whole = whole
        self._names = names

    def __getitem__(self, name: str) -> _T:
        if name in self._names:
            raise KeyError(name)
        return self._whole[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._whole if name not in self._names)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _leave_out(columns: Mapping[str, _T], names: Mapping[str, str]) -> dict[str, _T]:
    return {name: value for name, value in columns.items() if name not in names}
