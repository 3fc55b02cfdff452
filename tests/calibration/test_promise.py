"""The promise in a few simulated worlds, judged by the real code; `make calibrate` has all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.pages import average_figures, count_pages
from tests.support.promise import judge_world
from tests.support.world_specs import SHIFTED, WorldSpec, choose_for_suite
from tests.support.worlds import draw_world

ALLOWED = 1000 / 30
SEEDS = (0, 1)


@pytest.mark.parametrize("spec", choose_for_suite(), ids=lambda spec: spec.name)
def test_clean_worlds_page_no_more_often_than_promised(spec: WorldSpec) -> None:
    stories = [judge_world(draw_world(replace(spec, seed=seed))) for seed in SEEDS]

    month = min(30 * spec.windows_a_day, spec.counted)
    figures = average_figures(
        [count_pages([bool(told) for told in story.tellings], month=month) for story in stories]
    )
    assert figures.pages_per_1000 * spec.windows_a_day <= ALLOWED
    # Something is above a limit now and then: limits that nothing reaches would keep every promise.
    assert any(any(story.above) for story in stories) or spec.windows_a_day > 1


def test_a_lasting_shift_in_a_steady_column_is_told_at_once_and_stays_open() -> None:
    spec = replace(SHIFTED["shift0.2-wobble0-phi0"], counted=100)
    shift = spec.shifts[0]

    for seed in SEEDS:
        story = judge_world(draw_world(replace(spec, seed=seed)))
        after = story.tellings[shift.first :]
        assert any(after[:2])
        assert story.open_[-1]
        assert shift.column is not None
        assert spec.number_names[shift.column] in story.members[-1]


def test_an_incident_resolves_when_the_data_comes_back_and_not_before() -> None:
    spec = replace(SHIFTED["passing-shift0.2-phi0"], counted=120)
    shift = spec.shifts[0]
    assert shift.until is not None

    story = judge_world(draw_world(replace(spec, seed=1)))

    assert all(story.open_[shift.first + 2 : shift.until])
    # The season cycle forgets within a week, and three clean windows resolve.
    assert not all(story.open_[shift.until + 12 : shift.until + 16])
