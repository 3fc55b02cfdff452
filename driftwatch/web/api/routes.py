"""Every address of the API, below `/api/v1`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from driftwatch.web.api import (
    actions,
    deliveries,
    document,
    feed,
    gate,
    incidents,
    markers,
    monitors,
    references,
    retrains,
    silences,
    silencing,
    upkeep,
    windows,
)

__all__ = ["API", "PARTS", "router"]

API: Final = "/api/v1"

PARTS: Final = (
    monitors,
    windows,
    gate,
    incidents,
    actions,
    feed,
    silences,
    silencing,
    deliveries,
    references,
    upkeep,
    retrains,
    markers,
    document,
)
"""The modules with addresses; each has a `router`."""

router = APIRouter(prefix=API)
for part in PARTS:
    router.include_router(part.router)
