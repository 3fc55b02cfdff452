"""The whole proof of the promise: every simulated world, ten seeds each, judged by the real code.

Run it with `make calibrate`, or a part of it: `make calibrate ARGS="--worlds columns20 --seeds 3"`. It prints
a line a world as it comes and ends with 1 where a figure was missed. With ten seeds it takes more than an
hour on two cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from tests.support.pages import average_figures, count_pages
from tests.support.promise import judge_world
from tests.support.world_specs import SHIFTED, SPECS, WorldSpec
from tests.support.worlds import draw_world

__all__ = ["main"]

ALLOWED = 1000 / 30
"""Pages per 1,000 clean daily windows that one page in 30 days comes to."""
CROWDED = 0.15
"""The share of months that may have two false pages or more …"""
CROWDED_TOGETHER = 0.26
"""… and where 200 columns move together, from day to day hardly changing."""
NEVER = 81
"""Windows after which a shift counts as not found."""
LATEST = {
    "shift0.1-wobble0": 1.3 * 4.5,
    "shift0.2-wobble0": 1.3 * 1,
    "shift0.05-wobble0.03": 1.3 * 20,
    "shift0.1-wobble0.03": 1.3 * 6,
    "shift0.2-wobble0.03": 1.3 * 1,
    "shift0.1-wobble0.1": 1.3 * 32,
    "shift0.2-wobble0.1": 1.3 * 15,
    "shift0.3-wobble0.1": 1.3 * 2.5,
}
"""Median windows until a shift is told, days without memory: 1.3 times what was measured before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One world's figures, and what was missed."""

    text: str
    missed: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the chosen worlds and return 1 where a figure was missed."""
    parser = argparse.ArgumentParser(prog="make calibrate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="seeds of every world")
    parser.add_argument(
        "--worlds", default="", help="judge the worlds whose name has one of these, by commas"
    )
    parser.add_argument("--processes", type=int, default=2, help="worlds judged at once")
    chosen = parser.parse_args(arguments)
    wanted = [part for part in chosen.worlds.split(",") if part]
    specs = [*SPECS.values(), *SHIFTED.values()]
    picked = [spec for spec in specs if not wanted or any(part in spec.name for part in wanted)]
    print(f"{len(picked)} worlds, {chosen.seeds} seeds each; allowed: {ALLOWED:.1f} pages per 1,000 days")
    missed = 0
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for line in pool.imap(_judge, [(spec, chosen.seeds) for spec in picked]):
            missed += bool(line.missed)
            print(f"{line.text}{line.missed and f'   MISSED: {line.missed}'}", flush=True)
    print(f"{missed} of {len(picked)} worlds missed a figure")
    return 1 if missed else 0


def _judge(task: tuple[WorldSpec, int]) -> Line:
    spec, seeds = task
    return _judge_shifted(spec, seeds) if spec.shifts and spec.name in SHIFTED else _judge_clean(spec, seeds)


def _judge_clean(spec: WorldSpec, seeds: int) -> Line:
    figures = []
    for seed in range(seeds):
        told = judge_world(draw_world(replace(spec, seed=seed))).tellings
        figures.append(count_pages([bool(count) for count in told], month=30 * spec.windows_a_day))
    mean = average_figures(figures)
    pages = mean.pages_per_1000 * spec.windows_a_day
    together = spec.columns >= 200 and spec.memory >= 0.9
    crowded = CROWDED_TOGETHER if together else CROWDED
    missed = []
    if pages > ALLOWED:
        missed.append(f"{pages:.1f} pages")
    if mean.crowded_share > crowded:
        missed.append(f"{mean.crowded_share:.0%} crowded months")
    text = f"{spec.name:42} pages {pages:5.1f}   crowded months {mean.crowded_share:6.1%}"
    return Line(text=text, missed=", ".join(missed))


def _judge_shifted(spec: WorldSpec, seeds: int) -> Line:
    first, windows = spec.shifts[0].first, NEVER * spec.windows_a_day
    delays, open_at_the_end, tellings = [], [], []
    for seed in range(seeds):
        counted = min(spec.counted, first + windows - 1)
        story = judge_world(draw_world(replace(spec, seed=seed, counted=counted)))
        # Where somebody had been told of something else before, the shift joins what is open.
        if first and story.open_[first - 1]:
            continue
        told = [place for place, count in enumerate(story.tellings[first:], start=1) if count]
        delays.append(told[0] if told else windows)
        open_at_the_end.append(story.open_[-1])
        tellings.append(sum(story.tellings[first:]))
    if not delays:
        return Line(text=f"{spec.name:42} an incident was open before in every seed")
    found = median(delays)
    name, _, memory = spec.name.rpartition("-phi")
    latest = LATEST.get(name) if memory == "0" else None
    text = (
        f"{spec.name:42} told after {found:5.1f} windows (median of {len(delays)})   "
        f"open at the end {fmean(open_at_the_end):5.0%}   tellings {fmean(tellings):.1f}"
    )
    late = latest is not None and found > latest
    return Line(text=text, missed=f"allowed {latest:.1f}" if late and latest is not None else "")


if __name__ == "__main__":
    sys.exit(main())
