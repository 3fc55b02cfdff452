"""Every address of the API, below `/api/v1`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from driftwatch.web.api import (
    deliveries,
    document,
    incidents,
    monitors,
    references,
    retrains,
    silences,
    windows,
)

__all__ = ["API", "PARTS", "router"]

API: Final = "/api/v1"

PARTS: Final = (monitors, windows, incidents, silences, deliveries, references, retrains, document)
"""The modules with addresses; each has a `router`."""

router = APIRouter(prefix=API)
for part in PARTS:
    router.include_router(part.router)
