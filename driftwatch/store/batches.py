"""What a profile holds beside its counts, as JSON: absent and extra columns, the keys in three numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftwatch.profiles.counts import Counts
from driftwatch.profiles.keys import KeySample
from driftwatch.profiles.profile import Profile

__all__ = ["build_profile", "describe_batch"]


def describe_batch(profile: Profile) -> dict[str, Any]:
    """Return what is kept of `profile` beside its counts, JSON-safe; of its keys only three numbers."""
    keys = profile.keys
    return {
        "rows": profile.rows,
        "absent": sorted(profile.absent),
        "extra": sorted(profile.extra),
        "keys": keys and {"level": keys.level, "rows": keys.rows, "distinct": keys.distinct},
    }


def build_profile(columns: Mapping[str, Counts], batch: Mapping[str, Any]) -> Profile:
    """Return the profile that `describe_batch` described; its keys have no hashes any more."""
    return Profile(
        rows=batch["rows"],
        columns=columns,
        absent=frozenset(batch["absent"]),
        extra=frozenset(batch["extra"]),
        keys=KeySample(**batch["keys"]) if batch["keys"] else None,
    )
