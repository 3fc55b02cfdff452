"""The demo as users run it, once, in a folder where an earlier one was interrupted."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from driftwatch.demo.story import CONFIG, MONITOR
from tests.support.commands import Ran, run_command, run_here

pytestmark = pytest.mark.slow

CONFIG_FILE = "driftwatch-demo/driftwatch.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The demo after it was played in `folder`: how an interrupted one ended, and what a whole one said."""

    folder: Path
    interrupted: int
    ran: Ran

    def ask(self, *args: str) -> Any:
        """Return the JSON of a command on the demo's configuration."""
        return run_here(*args, "-c", CONFIG_FILE, "-o", "json", folder=self.folder).json


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The demo, played once however many processes run the tests."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = shared / "demo.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(play_twice(shared / "demo")))
        found = pickle.loads(kept.read_bytes())  # noqa: S301 - written above.
        assert isinstance(found, Played)
        return found


def play_twice(folder: Path) -> Played:
    """Interrupt a demo in `folder`, then play a whole one there."""
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "driftwatch", "demo", "--once"],
        cwd=folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as first:
        assert first.stdout is not None
        # Interrupted while it judges, after the first notice has come.
        next(line for line in first.stdout if " signed incident.opened: " in line)
        interrupted = interrupt(first)
    ran = run_command("demo", "--once", folder=folder)
    return Played(folder=folder, interrupted=interrupted, ran=ran)


def interrupt(process: subprocess.Popen[str]) -> int:
    """Press Ctrl-C as people do, once more where nothing came of it; return the status it ends with.

    Python drops an interruption that comes while it clears away what nobody holds any more.
    """
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=2)
    return process.returncode


def find_blizzard(played: Played) -> dict[str, Any]:
    """Return the data incident of the blizzard of 8 and 9 February 2013."""
    incidents = played.ask("incident", "list", "--all")["incidents"]
    found = [
        one
        for one in incidents
        if one["first_window"].startswith("2013-02-08T05:00:00") and one["kind"] == "data"
    ]
    assert len(found) == 1
    return dict(found[0])


def test_an_interrupted_demo_ends_with_130_and_the_next_one_starts_anew(played: Played) -> None:
    assert played.interrupted == 130
    assert (played.ran.status, played.ran.stderr) == (0, "")
    windows = played.ask("window", "list", MONITOR)["windows"]
    assert {window["revision"] for window in windows} == {1}


def test_it_judges_every_day_after_january(played: Played) -> None:
    windows = played.ask("window", "list", MONITOR)["windows"]

    assert len(windows) == 334
    assert {window["verdict"] for window in windows} == {"ok", "drift", "data"}
    assert (windows[0]["start"], windows[-1]["end"]) == ("2013-02-01T05:00:00Z", "2014-01-01T05:00:00Z")
    assert "334 daily windows judged" in played.ran.stdout


def test_the_blizzard_is_an_incident_of_its_own(played: Played) -> None:
    blizzard = find_blizzard(played)

    opened_at = datetime.fromisoformat(blizzard["opened_at"])
    resolved_at = datetime.fromisoformat(blizzard["resolved_at"])
    assert opened_at.date() in {datetime(2013, 2, 8).date(), datetime(2013, 2, 9).date()}
    assert resolved_at < datetime(2013, 2, 17, tzinfo=UTC)
    assert {"dep_time", "dep_delay", "arr_time"} <= {column["column"] for column in blizzard["columns"]}
    assert blizzard["last_window"] < "2013-02-10"
    assert blizzard["paged"]


def test_the_year_holds_no_more_pages_than_were_promised(played: Played) -> None:
    incidents = played.ask("incident", "list", "--all")["incidents"]

    assert sum(one["paged"] for one in incidents) <= 11
    windows = played.ask("window", "list", MONITOR)["windows"]
    assert {window["calibration"].split()[0] for window in windows} == {"provisional", "calibrated"}


def test_nothing_was_excluded_and_no_limit_set_by_hand() -> None:
    assert "exclude" not in CONFIG
    assert "rules" not in CONFIG


def test_the_blizzard_is_told_in_words(played: Played) -> None:
    number = find_blizzard(played)["id"]

    shown = run_here("incident", "show", str(number), "-c", CONFIG_FILE, folder=played.folder)

    assert shown.status == 0
    assert shown.stdout.startswith(f"Incident {number}: Flight delays: faulty data: ")
    assert "[told: incident.opened]" in shown.stdout
    assert "[told: incident.resolved]" in shown.stdout


def test_calendar_columns_are_skipped_with_the_reason(played: Played) -> None:
    skipped = {one["column"]: one["why"] for one in played.ask("reference", "show", MONITOR)["skipped"]}

    for part in ("year", "month", "day"):
        assert skipped[part] == f"calendar column: equals the {part} of the time column"
        assert f"{part} (calendar column" in played.ran.stdout
    assert skipped["time_hour"] == "the time column"


def test_every_notice_arrives_once_with_a_good_signature(played: Played) -> None:
    deliveries = played.ask("delivery", "list", "--newest", "1000")["deliveries"]
    incidents = played.ask("incident", "list", "--all")["incidents"]

    told = [one for one in played.ran.stdout.splitlines() if " signed incident." in one]
    assert len(deliveries) == len(told) == 2 * sum(one["paged"] for one in incidents)
    assert {(one["state"], one["attempts"]) for one in deliveries} == {("delivered", 1)}
    assert " refused, " not in played.ran.stdout
    assert f"{len(told)} notices, every signature verified (0 refused)" in played.ran.stdout


def test_retraining_is_asked_for(played: Played) -> None:
    retrains = played.ask("retrain", "list")["retrains"]

    assert retrains
    assert {one["state"] for one in retrains} == {"accepted"}
    assert played.ran.stdout.count(" signed retrain.requested: delay 2013.1") == len(retrains)
    incidents = {one["id"]: one for one in played.ask("incident", "list", "--all")["incidents"]}
    assert {incidents[one["incident"]]["kind"] for one in retrains} == {"drift"}


def test_the_summary_lists_every_incident_and_where_to_look(played: Played) -> None:
    incidents = played.ask("incident", "list", "--all")["incidents"]
    said = played.ran.stdout

    assert f"\n{len(incidents)} incidents:\n" in said
    rows = re.findall(r"^(\d+) +2013-\d\d-\d\d ", said, re.MULTILINE)
    assert [int(number) for number in rows] == [one["id"] for one in incidents]
    assert "driftwatch incident show 1 -c driftwatch-demo/driftwatch.yaml" in said
    assert "\033" not in said


def test_what_readme_shows_of_it_is_what_it_says(played: Played) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("```\nLoading the flights")[2].partition("```")[0]
    lines = [line for line in shown.splitlines()[1:] if line.strip() and line.strip() != "…"]

    assert len(lines) >= 8
    said = re.sub(r"in \d+ s:", "in 13 s:", played.ran.stdout)
    assert [line for line in lines if line not in said.splitlines()] == []
    pages = re.search(r"the year has (\w+)\s+pages", readme)
    assert pages is not None
    paged = sum(one["paged"] for one in played.ask("incident", "list", "--all")["incidents"])
    assert ["zero", "one", "two", "three", "four", "five", "six", "seven"].index(pages[1]) == paged


def test_its_configuration_has_no_mistakes_and_its_secret_is_kept_apart(played: Played) -> None:
    config = played.folder / CONFIG_FILE
    secret = config.with_name("receiver.secret")

    assert run_here("validate", "-c", CONFIG_FILE, folder=played.folder).status == 0
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text() not in config.read_text() + played.ran.stdout
    assert "whsec_" not in CONFIG


def test_it_can_stop_while_the_blizzards_incidents_are_open(tmp_path: Path) -> None:
    play = run_here("demo", "--once", "--dir", "demo", "--until", "2013-02-09", folder=tmp_path)

    found = run_here("incident", "list", "-c", "demo/driftwatch.yaml", "-o", "json", folder=tmp_path).json
    assert play.status == 0
    assert "9 daily windows judged" in play.stdout
    assert {one["state"] for one in found["incidents"]} == {"open"}


@pytest.mark.parametrize("day", ["2013-01-31", "2014-01-01"])
def test_a_day_that_cannot_be_judged_is_refused(tmp_path: Path, day: str) -> None:
    ran = run_here("demo", "--once", "--until", day, folder=tmp_path)

    assert (ran.status, list(tmp_path.iterdir())) == (2, [])
    assert "from 2013-02-01 to 2013-12-31" in ran.stderr
