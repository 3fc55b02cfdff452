"""Which versions of a reference nobody needs any more, unless something was judged by them (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from driftwatch.jobs.reference import is_spec_of
from driftwatch.store.references import ReferenceRow, ReferenceState

__all__ = ["list_superseded"]


def list_superseded(
    versions: Sequence[ReferenceRow], former: ReferenceRow | None, before: datetime
) -> list[ReferenceRow]:
    """Return retired versions older than a time of which a later one is built as they were.

    The last of its kind stays: it need not be built again where the configuration asks for it once more.
    """
    return [
        one
        for one in versions
        if one.state is ReferenceState.RETIRED
        and one.built_at < before
        and (former is None or one.version != former.version)
        and any(later.version > one.version and _is_alike(one, later) for later in versions)
    ]


def _is_alike(one: ReferenceRow, later: ReferenceRow) -> bool:
    """Return whether `later` takes the place of `one`, as any does of one beside another reference."""
    return "beside" in one.spec or is_spec_of(one.spec, later.spec)
