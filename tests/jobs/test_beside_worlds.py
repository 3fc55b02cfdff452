"""Two references within one promise, in simulated worlds that the real jobs watch."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.incidents.finding import Finding
from driftwatch.jobs.monitor import Rolling
from driftwatch.store.database import Database
from tests.support.monitors import Bench
from tests.support.world_bench import list_tellings, set_up_world, watch_world
from tests.support.world_specs import SPECS, Shift
from tests.support.worlds import draw_world

ROLLING = Rolling(last=timedelta(days=28), gap=timedelta(days=7))
STEADY = SPECS["phi0-history0-columns20-rows2000"]
SEEDS = range(4) if os.environ.get("DRIFTWATCH_LONG") == "1" else range(1)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def list_serious(bench: Bench) -> list[Finding]:
    return [one for row in bench.verdicts() for one in row.verdict.findings if not one.minor]


def is_rolling(finding: Finding) -> bool:
    return "compared with the " in finding.text


def test_clean_worlds_page_no_more_often_than_was_promised_for_both(store: Database) -> None:
    told, by_rolling = 0, 0
    for seed in SEEDS:
        world = draw_world(replace(STEADY, counted=300, seed=seed))
        windows = [window for window, _ in world.windows]
        bench = set_up_world(store, world, name=f"world-{seed}", beside=ROLLING)

        watch_world(bench, windows)

        told += sum(list_tellings(bench, windows))
        by_rolling += sum(is_rolling(one) for one in list_serious(bench))
    assert told <= 300 * len(SEEDS) / 30
    # A reference that never finds anything would keep every promise.
    assert by_rolling > 0


def test_a_slow_creep_is_seen_by_the_pinned_reference_alone(store: Database) -> None:
    column = STEADY.find_column(0.0)
    weeks = (Shift(sigmas=0.015, column=column, first=7 * week) for week in range(20))
    world = draw_world(replace(STEADY, counted=140, shifts=tuple(weeks)))
    bench = set_up_world(store, world, beside=ROLLING)

    watch_world(bench, [window for window, _ in world.windows])

    crept = [one for one in list_serious(bench) if one.column == STEADY.number_names[column]]
    assert crept
    assert not any(is_rolling(one) for one in crept)
