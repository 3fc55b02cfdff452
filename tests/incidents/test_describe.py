"""The words of every kind of incident, letter by letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.incidents.by_hand import acknowledge, resolve_by_hand
from driftwatch.incidents.conditions import (
    Age,
    Condition,
    Lateness,
    advance_condition,
    read_ages,
    read_failure,
    read_lateness,
)
from driftwatch.incidents.describe import build_notice, describe_incident
from driftwatch.incidents.incident import Advance, Incident, IncidentKind, Member, NoticeType, Severity
from driftwatch.incidents.notice import MonitorFacts, Notice
from driftwatch.incidents.policy import Freshness
from tests.support.incidents import day, make_incident, make_policy, make_verdict, play

FACTS = MonitorFacts(
    id="flight-delays",
    title="Flight delays",
    owner="data-platform",
    runbook="https://wiki.example.com/flight-delays",
    model="delay",
    model_version="2013.1",
)
NOW = day(9).end


def notice_of(step: Advance, facts: MonitorFacts = FACTS) -> Notice:
    assert step.told is not None
    assert step.incident is not None
    return build_notice(step.told, step.incident, facts, step.told.at)


def look(condition: Condition, incident: Incident | None = None) -> Advance:
    return advance_condition(incident, condition, make_policy(), monitor="m", now=NOW, telling=True)


def test_drift_opened() -> None:
    notice = notice_of(play("a", make_policy(), first=8)[-1])

    assert (notice.type, notice.severity) == (NoticeType.OPENED, Severity.MAJOR)
    assert notice.title == "Flight delays: a looks different"
    assert notice.text == (
        "The data of Flight delays, which the model delay works with, looks different from its reference, "
        "the earlier data it is compared with. The biggest change is in a: at least 7 % of the rows have "
        "moved (about 1 in 14).\n"
        "It began in the window of 2013-02-08.\n"
        "Predictions may be less reliable until somebody has looked. Drift is not proof of worse "
        "predictions: whether the model does worse is not known.\n"
        "Nobody has taken it up yet.\n"
        "If nothing is done: the model delay 2013.1 goes on with data like this. The incident ends by itself "
        "after 3 clean windows in a row. Retraining is not started automatically.\n"
        "In numbers: a moved_share 0.07 (limit 0.02)."
    )


def test_drift_updated_says_first_what_is_new() -> None:
    sentence = "Retraining is asked for when a drift incident has been open for 2 windows."

    notice = notice_of(play("a Ab", make_policy(), first=8)[-1], replace(FACTS, retraining=sentence))

    assert (notice.type, notice.severity) == (NoticeType.UPDATED, Severity.CRITICAL)
    assert notice.title == "Update: Flight delays: a and b look different"
    assert notice.text == (
        "What is new: It is critical now and was major before.\n"
        "The data of Flight delays, which the model delay works with, looks different from its reference, "
        "the earlier data it is compared with. The biggest change is in a: at least 60 % of the rows have "
        "moved (about 6 in 10). Also changed: b.\n"
        "It began in the window of 2013-02-08; the last window that shows it is 2013-02-09, the second in a "
        "row.\n"
        "Predictions may be less reliable until somebody has looked. Drift is not proof of worse "
        "predictions: whether the model does worse is not known.\n"
        "Nobody has taken it up yet.\n"
        "If nothing is done: the model delay 2013.1 goes on with data like this. "
        f"The incident ends by itself after 3 clean windows in a row. {sentence}\n"
        "In numbers: a moved_share 0.6 (limit 0.02); b moved_share 0.07 (limit 0.02)."
    )


def test_drift_that_opened_in_a_replay_says_since_when() -> None:
    notice = notice_of(play("a a", make_policy(), silent=1, first=8)[-1])

    assert notice.type is NoticeType.OPENED
    assert notice.title == "Flight delays: a looks different"
    assert notice.text.splitlines()[0] == (
        "Already open since the window of 2013-02-08, which nobody had been told."
    )


def test_drift_recovering() -> None:
    incident = play("a .", make_policy(), first=8)[-1].incident
    assert incident is not None

    title, text = describe_incident(incident, FACTS)

    assert title == "Flight delays: a looks different (recovering)"
    assert text.splitlines()[0].startswith(
        "The last judged window was clean. Before it this was seen: The data"
    )
    assert "The incident ends after 3 clean windows in a row, of which there was 1 so far." in text


def test_drift_resolved() -> None:
    notice = notice_of(play("a a . . .", make_policy(), first=8)[-1])

    assert notice.type is NoticeType.RESOLVED
    assert notice.title == "Resolved: Flight delays: a looks different"
    assert notice.text == (
        "The data of Flight delays looks like its reference again.\n"
        "It was seen in a from the window of 2013-02-08 to that of 2013-02-09.\n"
        "If it comes back, a new incident opens."
    )


def test_drift_beyond_a_rule_without_a_share_of_rows() -> None:
    member = replace(make_incident().members[0], statistic="psi", value=0.3, limit=0.25, moved_share=None)

    _, text = describe_incident(make_incident(members=(member,)), FACTS)

    assert text.splitlines()[0] == (
        "The data of Flight delays, which the model delay works with, looks different from its reference, "
        "the earlier data it is compared with. The biggest change is in dep_delay: it is beyond the limit "
        "that was set for it."
    )
    assert text.splitlines()[-1] == "In numbers: dep_delay psi 0.3 (limit 0.25)."


def test_the_first_sentences_hold_no_jargon() -> None:
    for step in (*play("a", make_policy()), *play("?a", make_policy(), kind=IncidentKind.DATA)):
        everyone = notice_of(step).text.split("In numbers:")[0]

        assert not {"psi", "ks", "moved_share", "missing_share", "statistic"} & set(everyone.lower().split())


def fault(
    about: str, *, column: str | None = "carrier", statistic: str = "", value: float | None = None
) -> Member:
    return Member(
        column=column,
        about=about,
        since=day(8).start,
        statistic=statistic,
        value=value,
        limit=None,
        text="",
    )


@pytest.mark.parametrize(
    ("member", "clause"),
    [
        (fault("missing", statistic="missing_share", value=0.2), "carrier is missing in about 1 in 5 rows"),
        (fault("missing", statistic="missing_share", value=0.6), "carrier is missing in 60 % of the rows"),
        (
            fault("unseen", statistic="unseen_share", value=0.01),
            "carrier holds values that the reference never had in about 1 in 100 rows",
        ),
        (
            fault("range", statistic="range_share", value=0.05),
            "carrier holds values beyond any in the reference in about 1 in 20 rows",
        ),
        (fault("column_missing"), "the column carrier has vanished"),
        (fault("type_changed"), "the column carrier holds another type of value"),
        (
            fault("repeated_keys", column=None, statistic="repeated_share", value=0.1),
            "keys that must be unique are repeated in about 1 in 10 rows",
        ),
        (fault("repeated_window", column=None), "the rows are those of an earlier window once more"),
        (fault("volume", column=None, statistic="volume", value=9.0), "the number of rows is unusual"),
    ],
)
def test_data_faults(member: Member, clause: str) -> None:
    incident = make_incident(IncidentKind.DATA, members=(member,))

    _, text = describe_incident(incident, replace(FACTS, retraining="Retraining is asked for."))

    first, _, meaning, who, happens, *_ = text.splitlines()
    assert who == "Nobody has taken it up yet."
    assert (
        first
        == f"The data of Flight delays, which the model delay works with, is not as it should be: {clause}."
    )
    assert meaning == (
        "This usually comes from the way the data is delivered. What it does to the predictions is not "
        "known, and while it lasts drift in what is affected can neither be shown nor ruled out."
    )
    assert happens == (
        "If nothing is done: the model delay 2013.1 goes on with faulty data. The incident ends by itself "
        "after 3 clean windows in a row. Until then no retraining is asked for."
    )


def test_data_resolved() -> None:
    notice = notice_of(play("-a . . .", make_policy(), kind=IncidentKind.DATA, first=8)[-1])

    assert notice.title == "Resolved: Flight delays: faulty data: a"
    assert notice.text == (
        "The data of Flight delays is in order again.\n"
        "It was seen in a in the window of 2013-02-08.\n"
        "If it comes back, a new incident opens."
    )


def test_freshness() -> None:
    late = Lateness(since=day(8), late_by=timedelta(hours=7, minutes=10))
    opened = look(read_lateness(late, Freshness(page_after=timedelta(hours=6)), window=day(8)))
    over = look(read_lateness(None, Freshness(), window=day(9)), opened.incident)

    assert notice_of(opened).title == "Flight delays: rows are 7 hours late"
    assert notice_of(opened).text == (
        "No rows have arrived for Flight delays since the window of 2013-02-08; they are 7 hours late.\n"
        "It began in the window of 2013-02-08.\n"
        "Without rows nothing is known about the data of that time, good or bad.\n"
        "Nobody has taken it up yet.\n"
        "If nothing is done: nobody would see a change in the data that the model delay 2013.1 works with. "
        "It ends as soon as rows arrive.\n"
        "In numbers: late_hours 7.17 (limit 6)."
    )
    assert notice_of(over).title == "Resolved: Flight delays: rows are 7 hours late"
    assert notice_of(over).text == (
        "New rows have arrived for Flight delays.\n"
        "It was seen in the window of 2013-02-08.\n"
        "If it comes back, a new incident opens."
    )


def test_stale() -> None:
    ages = [
        Age(of="model", age=timedelta(days=95), limit=timedelta(days=90)),
        Age(of="reference", age=timedelta(days=181), limit=timedelta(days=180)),
    ]

    notice = notice_of(look(read_ages(ages, window=day(8))))

    assert notice.title == "Flight delays: the model is 95 days old and the reference is 181 days old"
    assert notice.text == (
        "The model delay of Flight delays is 95 days old; at most 90 days are allowed. "
        "The reference data of Flight delays is 181 days old; at most 180 days are allowed.\n"
        "It began in the window of 2013-02-08.\n"
        "Age is not proof of worse predictions: it means that the data is compared with an older world.\n"
        "Nobody has taken it up yet.\n"
        "If nothing is done: the model delay 2013.1 and what its data is compared with grow older still. "
        "It ends when what is too old is replaced. Retraining is not started automatically.\n"
        "In numbers: model age_days 95 (limit 90); reference age_days 181 (limit 180)."
    )


def test_evaluation() -> None:
    notice = notice_of(look(read_failure(make_verdict(8, "E"))))

    assert notice.title == "Flight delays: could not be checked"
    assert notice.text == (
        "Flight delays could not be checked: the server did not answer.\n"
        "It began in the window of 2013-02-08.\n"
        "Without a check nothing is known about the data of that time, good or bad.\n"
        "Nobody has taken it up yet.\n"
        "If nothing is done: nobody would see a change in the data that the model delay 2013.1 works with. "
        "It ends with the next window that can be judged."
    )


def test_what_a_person_closed_is_not_said_to_be_over_by_itself() -> None:
    incident = play("a -a", make_policy(), first=8)[-1].incident
    assert incident is not None

    notice = notice_of(resolve_by_hand(incident, "ana", "the column was retired", NOW))

    assert notice.title == "Resolved: Flight delays: a looks different"
    assert notice.text.splitlines()[0] == "ana closed this incident by hand: the column was retired"


def test_who_is_looking_at_it_is_said() -> None:
    acknowledged = acknowledge(
        make_incident(), "ana", day(9).start + timedelta(hours=14, minutes=12)
    ).incident
    assert acknowledged is not None

    _, text = describe_incident(acknowledged, FACTS)

    assert "ana is looking at it (since 2013-02-09 14:12 UTC)." in text


def test_a_pending_incident_says_that_nobody_is_told() -> None:
    incident = play("a", make_policy(k=2))[-1].incident
    assert incident is not None

    _, text = describe_incident(incident, FACTS)

    assert "Nobody is told yet: more windows must show it before it counts." in text


def test_facts_come_in_order_and_leave_out_what_is_not_known() -> None:
    step = play("ab", make_policy(), first=8)[-1]
    assert step.incident is not None
    assert step.told is not None

    full = build_notice(step.told, replace(step.incident, id=7), FACTS, NOW)
    bare = build_notice(step.told, step.incident, MonitorFacts(id="flight-delays"), NOW)

    assert full.facts == (
        ("Monitor", "Flight delays (flight-delays)"),
        ("Incident", "7"),
        ("Kind", "drift"),
        ("Severity", "major"),
        ("Windows", "2013-02-08"),
        ("Affected", "a and b"),
        ("Model", "delay 2013.1"),
        ("Owner", "data-platform"),
        ("Runbook", "https://wiki.example.com/flight-delays"),
    )
    assert [label for label, _ in bare.facts] == ["Monitor", "Kind", "Severity", "Windows", "Affected"]
    assert full.incident["title"] == full.title
    assert full.incident["id"] == 7


@pytest.mark.parametrize("name", ["a\nb", "x" * 5_000, "\x00\u202e", "*bold* <!channel>"])
def test_a_title_is_one_short_printable_line_whatever_a_column_is_called(name: str) -> None:
    incident = make_incident(members=(replace(make_incident().members[0], column=name),))

    title, text = describe_incident(incident, FACTS)

    assert title.isprintable()
    assert len(title) <= 150
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_transition_that_tells_nobody_makes_no_notice() -> None:
    step = play("a .", make_policy())[-1]
    assert step.incident is not None

    with pytest.raises(ValueError, match="tells nobody"):
        build_notice(step.transitions[0], step.incident, FACTS, NOW)
