"""Windows read once more, with two columns counted together."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import pyarrow as pa

from driftwatch.errors import DataError
from driftwatch.jobs.monitor import Monitor
from driftwatch.profiles.joint import JointCounts, Layout, count_joint
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request, name_asker

__all__ = ["count_joint_rows"]


def count_joint_rows(
    monitor: Monitor, windows: Sequence[Window], layout: Layout, at_most: int
) -> JointCounts:
    """Return the rows of `windows` counted together, as `layout` says; only its columns are read.

    Raises DataError once there are more than `at_most` rows, and what reading raises.
    """
    request = Request(
        monitor=monitor.id,
        windows=tuple(windows),
        options=replace(monitor.columns, key=()),
        columns=layout.columns,
    )
    found = count_joint(layout, pa.table({}), monitor.columns)
    chunks = monitor.source.read(request)
    try:
        for _, rows in chunks:
            found = found + count_joint(layout, rows, monitor.columns)
            if found.rows > at_most:
                raise DataError(f"{name_asker(monitor.id, *windows)}: there are more than {at_most:,} rows")
    finally:
        if isinstance(chunks, Generator):
            chunks.close()
    return found
