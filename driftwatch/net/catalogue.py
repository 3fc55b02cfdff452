"""Named kinds of a thing that the config can choose: our own, and those that installed packages add.

A package adds a kind by an entry point, whose name is the kind and whose object is a frozen dataclass: its
fields are its settings. Packages are only looked at when a name is asked for that is not ours, or when all
names are listed; one that cannot be loaded is left out and told of in `broken`, and stops nothing.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

__all__ = ["Catalogue"]

_LOG = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=type[Any])


def _find_entry_points(group: str) -> Iterable[EntryPoint]:
    return entry_points(group=group)


class Catalogue(Mapping[str, Kind]):
    """The kinds of one group by their names, our own first."""

    def __init__(
        self,
        group: str,
        verb: str,
        own: Mapping[str, Kind],
        find: Callable[[str], Iterable[EntryPoint]] = _find_entry_points,
    ) -> None:
        self._group = group
        self._verb = verb
        self._own = dict(own)
        self._find = find
        self._loaded: tuple[dict[str, Kind], dict[str, str]] | None = None

    @property
    def broken(self) -> Mapping[str, str]:
        """Return the kinds of other packages that cannot be used, each with the reason."""
        return self._load()[1]

    def __getitem__(self, name: str) -> Kind:
        return self._own[name] if name in self._own else self._load()[0][name]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._load()[0]

    def __len__(self) -> int:
        return len(self._own) + len(self._load()[0])

    def _load(self) -> tuple[dict[str, Kind], dict[str, str]]:
        if self._loaded is None:
            usable: dict[str, Kind] = {}
            broken: dict[str, str] = {}
            for found in self._find(self._group):
                try:
                    usable[found.name] = self._check(found.name, found.load())
                except Exception as error:  # noqa: BLE001 - another package's code may raise anything.
                    broken[found.name] = f"{type(error).__name__}: {error}"
                    _LOG.warning("%s %s left out: %s", self._group, found.name, broken[found.name])
            self._loaded = usable, broken
        return self._loaded

    def _check(self, name: str, kind: Any) -> Kind:
        if name in self._own:
            raise ValueError(f"{name} is the name of a built-in kind; choose another")
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            raise TypeError("wanted is a dataclass whose fields are its settings")
        if not callable(getattr(kind, self._verb, None)):
            raise TypeError(f"wanted is a dataclass with a method {self._verb}")
        return kind  # type: ignore[return-value]  # Checked as far as a class can be.
