"""Every place where a daemon may die: each is known by name, each is passed, and nothing is lost at any."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import driftwatch
from driftwatch.torture.campaign import Run, Settings, run_campaign
from driftwatch.torture.report import summarise_run
from driftwatch.torture.troubles import IN_TURN
from tests.support.long_tier import OPENING

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]

ROOT = Path(driftwatch.__file__).parent
DAEMON = ("app", "jobs", "daemon")
EDGES = ("begun", "commit", "committed")

# What a daemon does not do by itself, or only in a trouble that this run does not bring: `test_elsewhere`
# goes through nearly all of it.
ELSEWHERE = {
    "acceptance.save_reference": "a person accepts an incident",
    "backup.execute": "a person restores a backup",
    "backup.write_meta": "a person makes a backup",
    "cases.change": "a person changes an incident",
    "check.postpone_slot": "a window is given back where an interruption is an exception",
    "companion.save": "a monitor with two references",
    "deliver.queue_delivery": "a person sends a test",
    "digest.forget_meta": "a monitor leaves shadow mode",
    "digest.write": "a monitor in shadow mode",
    "forecast.keep": "a person looks at what accepting an incident would change",
    "pausing.pause": "a person pauses a monitor",
    "pausing.resume": "a person resumes a monitor",
    "markers.keep": "a person marks that something happened",
    "pinging._queue": "a heartbeat is configured",
    "plan._give_up": "windows beyond catch_up are given up",
    "promotion._promote": "a person promotes a reference",
    "promotion.restore": "a person goes back to a reference",
    "removal.remove": "a person removes a monitor",
    "renewing.renew": "a window takes longer than a third of a claim",
    "replay._tell_states": "a person replays history",
    "retelling._find_probes": "a channel was disabled",
    "retelling.work": "a channel was disabled",
    "retrain_request.ask": "a person asks for retraining",
    "slots.hasten_slots": "a person has a monitor checked",
    "rolling.save": "a rolling reference",
    "slots.reopen_slots": "a person has windows judged again",
    "weekly.forget_plans": "a digest of a week is not wanted any more",
    "weekly.write_weekly": "a digest of a week",
    "tracks.keep_block_scores": "a monitor with a false-alarm budget",
}


def list_places() -> set[str]:
    """Return the names of all places in the rooms that a daemon uses, read from their code."""
    places = set()
    for file in sorted(ROOT.rglob("*.py")):
        room = file.relative_to(ROOT).parts[0].removesuffix(".py")
        if room in DAEMON:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            places |= set(find_reached(tree))
            places |= {f"{unit}.{edge}" for unit in find_units(tree, file.stem) for edge in EDGES}
    return places


def find_reached(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reach":
            match node.args:
                case [ast.Constant(value=str(name))]:
                    yield name


def find_units(tree: ast.Module, module: str) -> Iterator[str]:
    """Yield the units of work that are written, named as the store names them."""
    homes = {
        alias.name: (node.module or "").rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="write"), args=[work]) if is_store(owner):
                yield name_unit(work, module, homes)


def is_store(owner: ast.expr) -> bool:
    return ast.unparse(owner).endswith(("database", "self._database"))


def name_unit(work: ast.expr, module: str, homes: dict[str, str]) -> str:
    match work:
        case ast.Lambda(body=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
            return f"{module}.{name}"
        case ast.Call(func=ast.Name(id="partial"), args=[ast.Name(id=name), *_]) | ast.Name(id=name):
            return f"{homes.get(name, module)}.{name}"
        case ast.Attribute(value=ast.Name(id=name), attr=method):
            return f"{name}.{method}"
    raise AssertionError(f"{module}: {ast.unparse(work)} has no name that a failpoint could bear")


def list_expected() -> set[str]:
    return {place for place in list_places() if place.rpartition(".")[0] not in ELSEWHERE}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    # After a crash in it, pruning waits until its lease has run out: it is passed too seldom for a short run.
    points = tuple(sorted(place for place in list_expected() if not place.startswith("prune.")))
    plan = replace(IN_TURN, points=points, each=1, opening=OPENING)
    settings = Settings(seed=5, seconds=75.0, monitors=6, speed=30.0, plan=plan)
    found = run_campaign(settings, tmp_path_factory.mktemp("run"))
    print(*summarise_run(found), sep="\n")
    return found


def test_every_place_in_the_code_is_passed(run: Run) -> None:
    assert len(list_expected()) >= 40
    assert list_expected() - set(run.reached) == set()


def test_nothing_is_lost_at_any_of_them(run: Run) -> None:
    assert [finding.violations for finding in run.findings if finding.violations] == []
    assert not run.unsettled
    crashed = set(run.counts.crashes)
    assert {place for place in list_expected() if not place.startswith("prune.")} - crashed == set()
