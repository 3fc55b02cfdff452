from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import driftwatch
from driftwatch.access.act import Act
from driftwatch.access.caller import How
from driftwatch.store.audit import WantedActs, begin_recording, list_actions, page_acts, recording, write_act
from driftwatch.store.database import Database
from driftwatch.store.meta import write_meta
from driftwatch.store.tables import meta
from tests.support.stored import NOW

ACT = Act(
    at=NOW,
    actor="Åsa 🛫",
    how=How.SESSION,
    action="incident.acknowledge",
    subject="7",
    address="2001:db8::1",
    details={"why": "naïve 🛫"},
)


def list_acts(database: Database, **wanted: str) -> list[Act]:
    return database.read(lambda tx: page_acts(tx, WantedActs(**wanted), at_most=100))[0]


def keep(database: Database, *acts: Act) -> None:
    for act in acts:
        database.write(lambda tx, act=act: write_act(tx, act))  # type: ignore[misc]


def test_an_act_comes_back_as_it_was_kept(database: Database) -> None:
    keep(database, ACT)

    (found,) = list_acts(database)

    assert replace(found, id=None) == ACT


def test_acts_are_found_by_who_did_them_and_what_they_are_the_newest_first(database: Database) -> None:
    others = [replace(ACT, actor="ben"), replace(ACT, action="silence.add"), replace(ACT, subject="8")]
    keep(database, ACT, *others)

    def count(**wanted: str) -> tuple[int, int]:
        found, total = database.read(lambda tx: page_acts(tx, WantedActs(**wanted), at_most=2))
        return len(found), total

    assert [one.subject for one in list_acts(database)] == ["8", "7", "7", "7"]
    assert count() == (2, 4)
    assert count(actor="ben") == (1, 1)
    assert count(action="incident.acknowledge") == (2, 3)
    assert count(actor="ben", action="silence.add") == (0, 0)
    assert database.read(list_actions) == ["incident.acknowledge", "silence.add"]


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\x1b[31m", "x" * 5000, "' --", "<script>"])
def test_every_text_can_be_kept(database: Database, text: str) -> None:
    keep(database, replace(ACT, actor=text, subject=text, address=text, details={"text": text}))

    (found,) = list_acts(database)

    assert len(found.actor) <= 191
    assert found.actor.isprintable()
    assert len(found.details["text"]) <= 500


def test_no_secret_is_kept_with_what_was_given(database: Database) -> None:
    given = {"password": "canary", "token": "dw_canary", "client_secret": "canary", "length": "4 hours"}
    keep(database, replace(ACT, details=given))

    assert list_acts(database)[0].details == {"length": "4 hours"}


def test_what_is_done_and_who_did_it_are_kept_together_or_not_at_all(database: Database) -> None:
    def fail(tx: sa.Connection) -> None:
        write_meta(tx, "done", "yes")
        raise ValueError("no")

    with recording(ACT):
        with pytest.raises(ValueError, match="no"):
            database.write(fail)
        assert list_acts(database) == []
        database.write(lambda tx: write_meta(tx, "done", "yes"))
        database.write(lambda tx: write_meta(tx, "done", "again"))
    database.write(lambda tx: write_meta(tx, "done", "afterwards"))

    assert len(list_acts(database)) == 1
    assert database.read(lambda tx: tx.execute(sa.select(meta.c.value)).scalar()) == "afterwards"


def test_reading_keeps_nothing_and_a_recording_can_be_given_up(database: Database) -> None:
    begin_recording(lambda: ACT)
    database.read(lambda tx: tx.execute(sa.select(meta)).all())
    begin_recording(None)
    database.write(lambda tx: write_meta(tx, "done", "yes"))

    assert list_acts(database) == []


def test_no_code_changes_or_deletes_what_was_kept() -> None:
    changing = re.compile(r"(update|delete)\(\s*audit\b|audit\.(update|delete)\(")

    found = [
        file
        for file in Path(driftwatch.__file__).parent.rglob("*.py")
        if changing.search(file.read_text(encoding="utf-8"))
    ]

    assert found == []
