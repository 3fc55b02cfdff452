"""The harness is worth what it finds: each of twelve protocol bugs, and nothing where there is none."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from driftwatch.torture.campaign import Run, Settings, run_campaign
from driftwatch.torture.receiver import Manner
from driftwatch.torture.report import summarise_run
from driftwatch.torture.troubles import IN_TURN, Plan
from tests.faults.mutants import MUTANTS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

NURSERY = (sys.executable, "-m", "tests.faults.mutant_nursery")
CALM = Plan(replicas=1, kill_share=0.0, pause_share=0.0, armed_share=0.0)
KILLS = replace(CALM, kill_share=0.12)
SLOW = replace(IN_TURN, points=("check.judged",), action="sleep=2.5", probability=0.4, armed_seconds=60.0)
CRASHES = replace(IN_TURN, points=("finish.write.committed",), probability=0.4, armed_seconds=60.0, crashes=3)
BETWEEN = replace(CRASHES, points=("mutant.between",), probability=1.0, crashes=1)
SHORT = Settings(
    seed=11, seconds=12.0, monitors=12, speed=30.0, channels=("hook",), settle_seconds=40.0, plan=CALM
)

HOW = {
    "outbox_in_a_second_transaction": replace(SHORT, plan=BETWEEN),
    "no_fence": replace(SHORT, seconds=20.0, plan=SLOW),
    "no_unique_slot": replace(SHORT, plan=replace(CALM, replicas=2)),
    "state_reset_at_the_start": replace(SHORT, plan=KILLS),
    "silence_checked_at_enqueue_alone": replace(SHORT, silences=True, bad_share=1.0, manners=(Manner.ERROR,)),
    "new_id_at_every_try": replace(SHORT, bad_share=0.7, manners=(Manner.ERROR,)),
    "mark_before_send": replace(SHORT, bad_share=0.7),
    # In this script empty windows come while incidents are open.
    "no_data_counts_as_clean": replace(SHORT, seed=72),
    "redirects_are_followed": replace(SHORT, bad_share=0.7, manners=(Manner.MOVED,)),
}
FOUND = {
    "mark_before_send": "notices not delivered",
    "outbox_in_a_second_transaction": "transitions not queued with the fact",
    "no_fence": "windows judged twice",
    "no_unique_slot": "windows judged twice",
    "state_reset_at_the_start": "transitions lost or made up",
    "resolve_by_expiry": "transitions lost or made up",
    "no_data_counts_as_clean": "resolved without enough clean windows",
    "silence_checked_at_enqueue_alone": "calls in spite of a silence",
    "new_id_at_every_try": "ids beyond one per transition and channel",
    "redirects_are_followed": "calls to addresses that nobody named",
    "database_errors_are_swallowed": "transitions not queued with the fact",
    "cadence_advanced_twice": "windows unaccounted for",
}


WITHOUT = {
    "claims that run out": replace(SHORT, plan=SLOW),
    "crashes after the commit": replace(SHORT, plan=CRASHES),
    "a silence": HOW["silence_checked_at_enqueue_alone"],
    "kills": HOW["state_reset_at_the_start"],
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A short run for each bug, and some without any; they mostly wait, so that three at a time do well."""
    wanted = {name: replace(HOW.get(name, SHORT), command=(*NURSERY, name)) for name in MUTANTS}
    wanted |= {name: replace(settings, settle_seconds=60.0) for name, settings in WITHOUT.items()}
    with ThreadPoolExecutor(3) as pool:
        started = {
            name: pool.submit(run_campaign, settings, tmp_path_factory.mktemp("run"))
            for name, settings in wanted.items()
        }
    return {name: future.result() for name, future in started.items()}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_bug_is_in_the_daemons_and_not_in_itself(name: str, runs: dict[str, Run]) -> None:
    log = runs[name].log.read_text(encoding="utf-8")

    assert "monitor started" in log
    assert "TypeError" not in log
    assert "AttributeError" not in log


def list_violated(run: Run) -> set[str]:
    print(*summarise_run(run), sep="\n")
    return {finding.what for finding in run.findings if finding.violations}


def test_twelve_of_twelve_bugs_are_found(runs: dict[str, Run]) -> None:
    missed = [name for name, what in FOUND.items() if what not in list_violated(runs[name])]

    assert len(FOUND) == len(MUTANTS) == 12
    assert not missed


@pytest.mark.parametrize("trouble", WITHOUT)
def test_nothing_is_found_in_the_same_trouble_without_a_bug(trouble: str, runs: dict[str, Run]) -> None:
    run = runs[trouble]

    assert not list_violated(run)
    assert not run.unsettled
