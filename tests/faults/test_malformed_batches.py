"""Batches that are damaged or odd: never an exception, never `ok` where nothing proves a batch whole.

The long run, 20,000 batches with every byte of two Parquet files among them:
`python -m tests.support.malformed --count 20000 --seed 1`, or DRIFTWATCH_LONG=1 with this file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import median

import pytest

from tests.support.malformed import Outcome, run_trials
from tests.support.malformed_damage import damage, find_reach
from tests.support.malformed_files import CORPUS
from tests.support.malformed_rows import FORMATS, build_rows, write_csv
from tests.support.stored import day

IS_LONG = os.environ.get("DRIFTWATCH_LONG") == "1"
COUNT = 20_000 if IS_LONG else 360
SEED = int(os.environ.get("DRIFTWATCH_SEED", "1"))
MOST_GROWTH = 96 << 20

Ran = tuple[Sequence[Outcome], Sequence[tuple[str, int]]]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200 if IS_LONG else 240)]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run_trials(COUNT, SEED, tmp_path_factory.mktemp("batches"))


def describe(outcomes: Sequence[Outcome]) -> str:
    return "\n".join(f"{one.name}: {'; '.join(one.problems)}" for one in outcomes)


def test_no_batch_that_cannot_be_proven_whole_is_ok_and_every_answer_names_file_and_cause(ran: Ran) -> None:
    broken = [one for one in ran[0] if one.problems]

    assert not broken, f"seed {SEED}:\n{describe(broken)}"


def test_every_file_of_the_corpus_was_judged_both_ways(ran: Ran) -> None:
    judged = {one.name for one in ran[0] if one.compared != "-" and one.checked != "-"}

    assert {odd.name for odd in CORPUS} <= judged
    assert len(CORPUS) >= 60


def test_memory_does_not_grow_with_the_number_of_batches(ran: Ran) -> None:
    used = [size for family, size in ran[1] if family.startswith("damaged")]
    tenth = max(len(used) // 10, 1)

    assert median(used[-tenth:]) - median(used[:tenth]) < MOST_GROWTH


@pytest.mark.parametrize("how", FORMATS)
def test_a_file_in_order_is_whole_and_one_without_its_end_is_not(how: str) -> None:
    whole = FORMATS[how](build_rows(Random(1), day(1)))

    assert find_reach(how, whole, whole) == "whole"
    assert find_reach(how, whole, whole[:-7]) == "broken"


@pytest.mark.parametrize(
    ("change", "reach"),
    [
        (lambda content: content.replace(b",a,", b",b,", 1), "out of reach"),
        (lambda content: content.replace(b",a,", b',"a",', 1), "whole"),
        (lambda content: content.replace(b",a,", b",a,,", 1), "broken"),
        (lambda content: content.replace(b"amount", b"amounT", 1), "broken"),
        (lambda content: content.rpartition(b"\n20")[0] + b"\n", "out of reach"),
    ],
)
def test_what_a_damage_did_is_told_by_what_a_strict_reader_reads(
    change: Callable[[bytes], bytes], reach: str
) -> None:
    whole = write_csv(build_rows(Random(2), day(1)))

    assert find_reach("csv", whole, change(whole)) == reach


def test_the_same_seed_does_the_same_damage(tmp_path: Path) -> None:
    whole = write_csv(build_rows(Random(3), day(1)))

    assert damage(Random(4), whole) == damage(Random(4), whole)
    assert damage(Random(4), whole)[1] != whole
