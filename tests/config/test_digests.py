from __future__ import annotations

from datetime import time

import pytest

from driftwatch.jobs.turns import Weekly
from driftwatch.jobs.weekly import DigestPlan
from tests.support.config_files import SMALL, list_mistakes, load_text


def digest(settings: str) -> str:
    return f"{SMALL}digests: [{{{settings}}}]\n"


def test_without_settings_nothing_is_sent() -> None:
    assert load_text(SMALL).digests == ()


def test_a_digest_is_of_every_monitor_on_monday_morning_where_nothing_else_is_said() -> None:
    config = load_text(digest("notify: [hook, log, hook]"))

    assert config.digests == (DigestPlan(owner=None, notify=("hook", "log"), when=Weekly()),)


def test_a_digest_has_an_owner_a_day_a_time_and_a_zone() -> None:
    text = digest('owner: sales, notify: [hook], day: friday, at: "7:30", timezone: Europe/Paris')
    owned = text.replace("monitors:\n  - id:", "monitors:\n  - owner: sales\n    id:")

    assert load_text(owned).digests == (
        DigestPlan(
            owner="sales",
            notify=("hook",),
            when=Weekly(day=4, at=time(7, 30), timezone="Europe/Paris"),
        ),
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            "notify: [hok]",
            "digests[0].notify[0]: there is no channel 'hok'; there are log, hook (did you mean hook?)",
        ),
        ("notify: []", "digests[0].notify: "),
        ("owner: nobody, notify: [hook]", "digests[0].owner: no monitor has the owner 'nobody'"),
        ("notify: [hook], day: mon", "digests[0].day: wants monday, tuesday"),
        ('notify: [hook], at: "24:00"', "digests[0].at: wants a time of day such as 08:00"),
        ("notify: [hook], timezone: Mars", "digests[0].timezone: "),
        ("notify: [hook], notfy: [hook]", "digests[0].notfy: "),
        ("notify: [hook]}, {notify: [log]", "digests[1].owner: digests[0] is about every monitor too"),
    ],
)
def test_what_cannot_be_sent_is_a_mistake(settings: str, said: str) -> None:
    assert any(said in one for one in list_mistakes(digest(settings))), list_mistakes(digest(settings))
