"""Settings of the whole suite."""

from __future__ import annotations

from hypothesis import settings

# Speed is a benchmark, never a test: a first call that imports something may take its time.
settings.register_profile("driftwatch", deadline=None, print_blob=True)
settings.load_profile("driftwatch")
