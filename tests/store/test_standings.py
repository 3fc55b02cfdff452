from __future__ import annotations

from functools import partial

from driftwatch.incidents.finding import VerdictWord
from driftwatch.store.database import Database
from driftwatch.store.incidents import IncidentDraft, save_incident
from driftwatch.store.monitors import begin_history
from driftwatch.store.standings import Standing, list_newest_words, list_open_incidents, list_standings
from tests.support.stored import NOW, build_verdict, day, record, register

HABIT = "no rows, as usual"


def read_standings(database: Database) -> dict[str, Standing]:
    return database.read(
        lambda tx: list_standings(
            tx,
            complete=[VerdictWord.OK, VerdictWord.DRIFT],
            settled=[VerdictWord.OK, VerdictWord.DRIFT, VerdictWord.THIN],
            reason=HABIT,
        )
    )


def test_every_monitor_stands_where_its_latest_windows_say(database: Database) -> None:
    first, second = register(database), register(database, "rides")
    register(database, "never")
    for number, word in enumerate(["ok", "drift", "thin", "error"]):
        record(database, first, build_verdict(number, VerdictWord(word)))
    record(database, second, build_verdict(7, VerdictWord.NO_DATA))

    found = read_standings(database)

    assert found == {
        "flights": Standing(
            first=day(0), last=day(3), word="error", complete=day(1), settled=day(2), calibration=None
        ),
        "rides": Standing(first=day(7), last=day(7), word="no_data"),
        "never": Standing(),
    }


def test_only_the_newest_revision_and_the_present_history_count(database: Database) -> None:
    monitor = register(database)
    record(database, monitor, build_verdict(0, VerdictWord.ERROR))
    record(database, monitor, build_verdict(0, VerdictWord.OK))
    assert read_standings(database)["flights"].word == "ok"

    database.write(lambda tx: begin_history(tx, monitor, NOW))

    assert read_standings(database)["flights"] == Standing()


def test_the_latest_windows_of_some_monitors_come_oldest_first(database: Database) -> None:
    first, second = register(database), register(database, "rides")
    for number in range(5):
        record(database, first, build_verdict(number))
    record(database, second, build_verdict(2, VerdictWord.DRIFT))

    found = database.read(lambda tx: list_newest_words(tx, ["flights", "rides", "nobody"], 3))

    assert {key: [(one.window, one.word.value) for one in words] for key, words in found.items()} == {
        "flights": [(day(2), "ok"), (day(3), "ok"), (day(4), "ok")],
        "rides": [(day(2), "drift")],
    }
    assert database.read(lambda tx: list_newest_words(tx, [], 3)) == {}


def test_what_is_not_resolved_is_listed_by_monitor(database: Database) -> None:
    monitor = register(database)
    states = ["open", "resolved", "pending"]
    drafts = [
        IncidentDraft(kind=f"k{number}", state=state, severity="major", document={})
        for number, state in enumerate(states)
    ]
    ids = [database.write(partial(save_incident, monitor=monitor, draft=one)) for one in drafts]

    found = database.read(list_open_incidents)

    assert [(one.id, one.state, one.severity) for one in found["flights"]] == [
        (ids[0], "open", "major"),
        (ids[2], "pending", "major"),
    ]
