from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from driftwatch.calibration.budget import FalsePages
from driftwatch.calibration.calibration import CalibrationState
from driftwatch.calibration.layout import Aspect
from driftwatch.calibration.weighing import Scale
from driftwatch.incidents.explaining import (
    Allowed,
    Explained,
    Told,
    explain_incident,
    find_member_part,
    say_scores,
)
from driftwatch.incidents.incident import Incident, IncidentKind, IncidentState, Member, Severity
from driftwatch.incidents.rules import Rule
from tests.support.incidents import day, make_incident
from tests.support.readings import make_part, make_reading

ALLOWED = Allowed(promise=FalsePages(), minimum_effect=0.02)
ORIGIN = (
    "Of the last 146 comparable windows the 2nd highest score was 3.2; you allow 1 false page in 30 days."
)
AT = datetime(2013, 2, 9, 0, 30, tzinfo=UTC)


def make_member(**changes: Any) -> Member:
    fields: dict[str, Any] = {
        "column": "amount",
        "about": "drift",
        "since": day(8).start,
        "statistic": "ks",
        "value": 0.081,
        "limit": 0.063,
        "text": "at least 6 % of the rows moved in amount: typical values moved from 100 to 119",
        "moved_share": 0.06,
    }
    return Member(**{**fields, **changes})


def explain(incident: Incident, **changes: Any) -> tuple[tuple[str, ...], ...]:
    fields: dict[str, Any] = {"allowed": ALLOWED, "opened": make_reading(), "last": make_reading()}
    found = explain_incident(Explained(incident=incident, **{**fields, **changes}))
    return found.why, found.members, found.told


def test_a_page_of_the_budget_is_explained_with_its_own_numbers() -> None:
    why, members, told = explain(
        make_incident(members=(make_member(),)),
        told=(Told(at=AT, notice="incident.opened", channel="oncall", state="delivered"),),
    )

    assert why == (
        "It opened in the window of 2013-02-08.",
        "Score 4.1 against a limit of 3.2.",
        ORIGIN,
        "It was compared with the reference's Fridays.",
    )
    assert members == (
        (
            "amount: at least 6 % of the rows moved in amount: typical values moved from 100 to 119 "
            "(D 0.081, limit 0.063). Its ordinary movement beyond chance is 0.021. By itself it scores 4.1. "
            "At least 6 % of the rows can be shown to have changed; the minimum effect is 2 %."
        ),
    )
    assert told == ("2013-02-09 00:30 UTC: incident.opened to oncall (delivered).",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"place": 1}, "the highest score was 3.2; you allow"),
        ({"place": 23}, "the 23rd highest score was 3.2; you allow"),
        (
            {"place": None, "state": CalibrationState.PROVISIONAL, "missing": 24, "highest": 2.9},
            "the highest score was 2.9, and the limit lies further out: you allow 1 false page in 30 days.",
        ),
        (
            {"state": CalibrationState.PROVISIONAL, "missing": 24},
            "The state is provisional: 24 more windows are needed until the promise can be kept.",
        ),
        (
            {"state": CalibrationState.PROVISIONAL, "missing": 1},
            "The state is provisional: 1 more window is needed",
        ),
        (
            {"place": None, "highest": 2.0},
            "the highest score was 2; the limit is the least that chance asks for, you allow",
        ),
        (
            {"place": None, "known": 0, "highest": None, "state": CalibrationState.UNCALIBRATED},
            "The state is uncalibrated: what is usual is not known, the limit is assumed; you allow 1 false",
        ),
        (
            {"limit": 9.6, "place": None},
            "The budget was spent, so that only what is three times beyond the limit is told; you allow",
        ),
        (
            {"usual_limit": 2.8},
            "Earlier pages have made the limit stricter: with nothing of the budget spent it is 2.8.",
        ),
        ({"inherited": 40}, "Of those windows 40 were judged against the former reference."),
        ({"scale": Scale.LONG}, "Score 4.1 over the last 7 windows against a limit of 3.2."),
        ({"scale": Scale.LONG}, "It was compared with all windows of the reference."),
    ],
)
def test_where_a_limit_comes_from_is_said(changes: dict[str, Any], said: str) -> None:
    assert said in " ".join(say_scores(make_reading(**changes), ALLOWED))


def test_nothing_is_said_twice_of_a_limit_that_earlier_pages_spent() -> None:
    said = " ".join(say_scores(make_reading(limit=9.6, place=None), ALLOWED))

    assert "stricter" not in said


def test_what_a_promise_allows_is_said_in_its_own_terms() -> None:
    allowed = Allowed(promise=FalsePages(at_most=0.5, per=timedelta(days=7)))

    assert "; you allow 0.5 false pages in 7 days." in " ".join(say_scores(make_reading(), allowed))


def test_a_later_window_that_shows_it_has_its_own_score() -> None:
    why, _, _ = explain(make_incident(), last=make_reading(12, score=5.5, limit=4.0))

    assert why[-1] == "In the last window that shows it, 2013-02-12, the score was 5.5 and the limit 4."


def test_scores_that_are_gone_are_said_to_be() -> None:
    why, members, _ = explain(make_incident(members=(make_member(),)), opened=None, last=None)

    assert why == ("What the window that opened it scored is not kept any more.",)
    assert "By itself" not in members[0]


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (
            make_member(minor=True, moved_share=0.01),
            "No more than the minimum effect of 2 % can be shown, so that it is only recorded.",
        ),
        (make_member(moved_share=None), "By itself it scores 4.1."),
        (
            make_member(about="column_missing", statistic="missing_share", value=1.0, limit=None),
            "(missing_share 1). That is told whatever the budget is.",
        ),
        (
            make_member(statistic="psi", value=0.31, limit=0.25),
            "(psi 0.31, limit 0.25). It breaks the rule on psi of 'amount', limit 0.25.",
        ),
        (
            make_member(statistic="chi_square", value=31.0, limit=None),
            "(chi_square 31). It breaks the rule on chi_square of '*', p-value 0.001.",
        ),
        (
            make_member(statistic="share_change", value=0.162, limit=0.1),
            "(share changed by 0.162, limit 0.1). Its ordinary movement beyond chance is 0.042. By itself",
        ),
        (make_member(about="missing", statistic="missing_share", value=0.3), "By itself it scores 3.3."),
        (make_member(about="range", statistic="range_share", value=0.3), "By itself it scores 3.4."),
        (
            make_member(column=None, about="volume", statistic="volume", value=0.9),
            "Its ordinary movement beyond chance is 10 %. By itself it scores 3.5, over all windows",
        ),
    ],
)
def test_each_member_is_explained_by_what_found_it(member: Member, said: str) -> None:
    rules = (
        Rule(column="amount", statistic="psi", limit=0.25),
        Rule(column="*", statistic="chi_square", p_value=0.001),
    )
    parts = (
        make_part(),
        make_part(aspect=Aspect.MISSING, score=3.3),
        make_part(aspect=Aspect.BEYOND, score=3.4),
        make_part(column=None, aspect=Aspect.VOLUME, score=3.5, wobble=0.1, scale=Scale.LONG),
    )
    allowed = Allowed(promise=FalsePages(), minimum_effect=0.02, rules=rules)
    incident = make_incident(kind=IncidentKind.DATA, members=(member,))

    _, members, _ = explain(incident, allowed=allowed, opened=make_reading(parts=parts), last=None)

    assert said in members[0]


def test_a_member_scored_in_the_window_and_on_the_scale_that_its_numbers_are_of() -> None:
    long = make_part(scale=Scale.LONG, distance=0.05, score=3.3)
    opened, last = make_reading(8), make_reading(9, parts=(make_part(distance=0.2, score=9.0), long))
    explained = Explained(incident=make_incident(clean=3), allowed=ALLOWED, opened=opened, last=last)

    assert find_member_part(make_member(clean=3, value=0.05), explained) == long
    assert find_member_part(make_member(clean=5, value=0.081), explained) == make_part()
    assert find_member_part(make_member(clean=5, value=0.3), explained) is None
    # It came back before the incident's last window: the scores there are not its own.
    assert find_member_part(make_member(clean=5, statistic="share_change"), explained) is None


@pytest.mark.parametrize(
    ("kind", "member", "why", "said"),
    [
        (
            IncidentKind.FRESHNESS,
            make_member(
                column=None,
                about="freshness",
                statistic="late_hours",
                value=7.5,
                limit=6.0,
                text="no rows since then",
            ),
            "It opens by its own limits, `freshness`",
            "rows that have not arrived: no rows since then (late_hours 7.5, limit 6).",
        ),
        (
            IncidentKind.STALE,
            make_member(
                column="model", about="stale", statistic="age_days", value=95.0, limit=90.0, text="old"
            ),
            "It opens by its own limits, `ages`",
            "model: old (age_days 95, limit 90).",
        ),
        (
            IncidentKind.EVALUATION,
            make_member(
                column=None, about="evaluation", statistic="error", value=None, limit=None, text="no answer"
            ),
            "It opens when a window cannot be read or judged",
            "windows that cannot be judged: no answer.",
        ),
    ],
)
def test_other_incidents_have_their_own_numbers(
    kind: IncidentKind, member: Member, why: str, said: str
) -> None:
    reasons, members, _ = explain(make_incident(kind=kind, members=(member,)), opened=None, last=None)

    assert len(reasons) == 1
    assert reasons[0].startswith(why)
    assert members == (said,)


def test_rules_alone_are_no_budget() -> None:
    why, _, _ = explain(make_incident(), allowed=Allowed(), opened=None, last=None)

    assert why == ("No false-alarm budget is at work: explicit limits judge alone.",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": IncidentState.PENDING, "opened_at": None}, "too few windows showed it for it to open"),
        ({"severity": Severity.MINOR, "opened_at": AT}, "it is minor, which is recorded and wakes nobody"),
        ({"opened_at": AT, "told_at": None}, "its windows were judged in a replay or as history"),
        ({"opened_at": AT, "told_at": AT}, "at 2013-02-09 00:30 UTC: `notify` named no channel"),
    ],
)
def test_why_nobody_was_told_is_said(changes: dict[str, Any], said: str) -> None:
    _, _, told = explain(make_incident(**changes))

    assert len(told) == 1
    assert told[0].startswith("Nobody was told")
    assert said in told[0]


def test_a_delivery_that_failed_says_why() -> None:
    failed = Told(at=AT, notice="incident.opened", channel="hook", state="dead", error="http_503")

    _, _, told = explain(make_incident(), told=(failed,))

    assert told == ("2013-02-09 00:30 UTC: incident.opened to hook (dead: http_503).",)
