"""The blocks that a reference would be better without, said when it is built, with what to do about them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from driftwatch.calibration.baseline import Settings, build_baseline, measure_blocks
from driftwatch.calibration.dirty import OddBlock, Oddity, find_odd_blocks
from driftwatch.incidents.stamps import write_stamp
from driftwatch.incidents.words import say_count, say_moment
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.windows import find_local
from driftwatch.profiles.reference import Reference

__all__ = ["describe_oddities", "inspect_reference", "propose_except", "warn_of_oddities"]

log = logging.getLogger("driftwatch.reference")

_WHY = {
    Oddity.ODD: "unlike the others",
    Oddity.EMPTY: "no rows",
    Oddity.REPEATED: "delivered twice",
}
_SHOWN = 10


def inspect_reference(monitor: Monitor, reference: Reference) -> tuple[OddBlock, ...]:
    """Return the blocks of `reference` that it would be better without."""
    baseline = build_baseline(reference, Settings(timezone=monitor.timezone))
    return find_odd_blocks(reference, baseline, measure_blocks(baseline))


def warn_of_oddities(monitor: Monitor, reference: Reference, version: int) -> None:
    """Write what is odd in a version to the log."""
    found = inspect_reference(monitor, reference)
    if found:
        log.warning(
            "odd blocks in the reference monitor=%s version=%s blocks=%s first=%s "
            "next=`driftwatch reference show %s %s`, which names them and proposes what to leave out",
            *(monitor.id, version, len(found)),
            *(f"{_name_block(found[0], monitor.timezone)} {found[0].text}", monitor.id, version),
        )


def describe_oddities(found: Sequence[OddBlock], timezone: str) -> list[str]:
    """Return the lines that name odd blocks and say how to leave them out; none where there are none."""
    if not found:
        return []
    which, they = ("them", "they are") if len(found) > 1 else ("it", "it is")
    lines = [
        f"{say_count(len(found), 'block')} should perhaps not be part of it:",
        *(f"  {_name_block(one, timezone)} {one.text}" for one in found[:_SHOWN]),
    ]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more")
    way_out = f"Where {they} no ordinary time, leave {which} out and build again; under `reference`:"
    return [*lines, way_out, f"  {propose_except(found, timezone)}"]


def propose_except(found: Sequence[OddBlock], timezone: str) -> str:
    """Return the `except` setting that leaves odd blocks out; neighbours with one reason are one stretch.

    Times are days of `timezone` where they can be.
    """
    stretches: list[tuple[datetime, datetime, Oddity]] = []
    for one in found:
        window = one.window
        if stretches and stretches[-1][1:] == (window.start, one.why):
            stretches[-1] = (stretches[-1][0], window.end, one.why)
        else:
            stretches.append((window.start, window.end, one.why))
    items = (
        f"{{from: {_write_moment(start, timezone)}, to: {_write_moment(end, timezone)}, why: {_WHY[why]}}}"
        for start, end, why in stretches
    )
    return f"except: [{', '.join(items)}]"


def _name_block(block: OddBlock, timezone: str) -> str:
    start = _find_day(block.window.start, timezone)
    return say_moment(block.window.start) if start is None else start


def _write_moment(moment: datetime, timezone: str) -> str:
    return _find_day(moment, timezone) or write_stamp(moment)


def _find_day(moment: datetime, timezone: str) -> str | None:
    """Return the local day that begins at `moment`, None where none does."""
    day = datetime.combine(moment.astimezone(ZoneInfo(timezone)).date(), time())
    return day.date().isoformat() if find_local(day, timezone) == moment.astimezone(UTC) else None
