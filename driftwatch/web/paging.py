"""Long lists in pages, found by their number in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request

__all__ = ["PAGE", "ColumnsNumber", "Leaf", "PageNumber", "build_leaf", "cut", "link_page"]

_T = TypeVar("_T")

PAGE: Final = 50
"""How much of a list one page shows."""

PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]
ColumnsNumber = Annotated[int, Query(alias="columns", ge=1, le=100_000)]
"""The page of the columns, where an address shows another list too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf(Generic[_T]):
    """One page of a list: its items, its number from 1, how many pages and how many items there are."""

    items: Sequence[_T]
    number: int
    pages: int
    total: int

    @property
    def first(self) -> int:
        """The place of its first item, from 1; 0 where there is none."""
        return (self.number - 1) * PAGE + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The place of its last item."""
        return (self.number - 1) * PAGE + len(self.items)


def cut(items: Sequence[_T], number: int) -> Leaf[_T]:
    """Return page `number` of `items`, the last one where there are not so many.

    >>> leaf = cut(range(120), 3)
    >>> (leaf.first, leaf.last, leaf.pages, list(leaf.items)[:2])
    (101, 120, 3, [100, 101])
    """
    number = min(number, _count_pages(len(items)))
    return build_leaf(items[(number - 1) * PAGE : number * PAGE], number, len(items))


def build_leaf(items: Sequence[_T], number: int, total: int) -> Leaf[_T]:
    """Return `items` as page `number` of `total` items."""
    return Leaf(items=items, number=number, pages=_count_pages(total), total=total)


def _count_pages(total: int) -> int:
    return max(1, -(-total // PAGE))


def link_page(request: Request, number: int, name: str = "page") -> str:
    """Return the address of another page of the same list, with the same filters.

    `name` is what the number is called there: one address may show several lists.
    """
    rest = [(key, value) for key, value in request.query_params.multi_items() if key != name]
    return "?" + urlencode([*rest, (name, number)])
