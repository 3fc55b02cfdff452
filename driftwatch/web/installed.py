"""What is installed beside driftwatch, and under which licences: told from the packages themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

__all__ = ["Package", "list_packages"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CLASSIFIER: Final = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that is installed, its version, and its licence in its own words."""

    name: str
    version: str
    licence: str


@lru_cache(maxsize=1)
def list_packages() -> tuple[Package, ...]:
    """Return driftwatch and every package that it stands on and is installed, by name."""
    found: dict[str, Package] = {}
    waiting = ["driftwatch"]
    while waiting:
        name = waiting.pop()
        try:
            known = distribution(name)
        except PackageNotFoundError:
            continue  # An extra that is not installed.
        key = known.metadata["Name"].lower()
        if key not in found:
            licence = _find_licence(known)
            found[key] = Package(name=known.metadata["Name"], version=known.version, licence=licence)
            waiting += _list_needed(known)
    return tuple(found[key] for key in sorted(found))


def _list_needed(known: Distribution) -> list[str]:
    # What an extra needs may be installed too.
    names = (_NAME.match(line) for line in known.requires or ())
    return [name[0] for name in names if name]


def _find_licence(known: Distribution) -> str:
    facts = known.metadata
    said = next(iter(facts.get_all("License-Expression") or ()), "")
    classified = [
        line.removeprefix(_CLASSIFIER)
        for line in facts.get_all("Classifier") or ()
        if line.startswith(_CLASSIFIER)
    ]
    # Some put the whole text of their licence where its name belongs.
    written = next(iter(facts.get_all("License") or ()), "").strip().partition("\n")[0][:80]
    return said or ", ".join(classified) or written or "see the package"
