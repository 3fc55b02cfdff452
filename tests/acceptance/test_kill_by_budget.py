"""The traps that other drift tools fall into, each by its number, through `check` under one promise.

Nothing but `false_pages` is set. Days are drawn alike; what is tried is put into the last one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from driftwatch.app import open_app
from driftwatch.config.loading import load_config
from driftwatch.net.signing import generate_secret
from driftwatch.store.evidence import load_statistics
from driftwatch.store.verdicts import list_verdicts
from tests.support.commands import run_here

pytestmark = pytest.mark.slow

FIRST = datetime(2024, 1, 1)
REFERENCE, ROWS = 30, 300
CONFIG = """\
version: 1
store: {{url: "sqlite:///driftwatch.db"}}
channels:
  hook: {{kind: webhook, url: "http://127.0.0.1:9/hook", secret: "{secret}"}}
monitors:
  - id: watched
    source: {{kind: files, path: rows.parquet, time_column: at}}
    window: 1d
    reference: {{from: 2024-01-01, to: {end}}}
    freshness: {{warn_after: 1h, page_after: 2h}}
    false_pages: {{at_most: 1, per: 30d}}
    notify: [hook]
"""

Values = NDArray[Any]
Day = dict[str, Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The last day as `check` judged it, and every incident."""

    window: dict[str, Any]
    incidents: list[dict[str, Any]]
    folder: Path

    @property
    def told(self) -> set[tuple[str | None, str]]:
        """What was found that is worth telling: columns and kinds."""
        return {(one["column"], one["kind"]) for one in self.window["findings"] if not one["minor"]}

    @property
    def paged(self) -> set[str]:
        return {one["kind"] for one in self.incidents if one["paged"]}


def draw(rng: np.random.Generator, rows: int, *, shift: float = 0.0) -> Day:
    return {
        "x": rng.normal(shift, 1.0, rows),
        "other": rng.normal(5.0, 2.0, rows),
        "plan": rng.choice(np.array(["basic", "plus", "pro"]), rows, p=[0.5, 0.3, 0.2]),
    }


def try_day(folder: Path, last: Day, *, days: list[Day] | None = None, reference: int = REFERENCE) -> Trial:
    """Judge the day after a reference of ordinary `days` that has the rows `last`."""
    rng = np.random.default_rng(20130208)
    usual = days or [draw(rng, ROWS) for _ in range(reference)]
    tables = [build_table(number, day) for number, day in enumerate([*usual, last])]
    pq.write_table(pa.concat_tables(tables, promote_options="permissive"), folder / "rows.parquet")
    start, end = FIRST + timedelta(days=len(usual)), FIRST + timedelta(days=len(usual) + 1)
    (folder / "driftwatch.yaml").write_text(
        CONFIG.format(end=f"{start:%Y-%m-%d}", secret=generate_secret()), encoding="utf-8"
    )
    ran = run_here(
        *("check", "watched", "--from", f"{start:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}", "-o", "json"),
        folder=folder,
    )
    assert ran.status in {0, 1}, ran.stderr
    (window,) = ran.json["windows"]
    listed = run_here("incident", "list", "--all", "-o", "json", folder=folder).json["incidents"]
    return Trial(window=window, incidents=listed, folder=folder)


def build_table(number: int, day: Day) -> pa.Table:
    rows = max((len(values) for values in day.values()), default=0)
    start = np.datetime64(FIRST + timedelta(days=number), "us")
    steps = (np.arange(rows) * (86_400_000_000 // max(1, rows))).astype("timedelta64[us]")
    return pa.table({"at": start + steps, **day})


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("sentinel", [1e9, -999999.0, math.inf])
@pytest.mark.parametrize("side", ["reference", "current"])
def test_kill_1_a_sentinel_does_not_hide_a_two_sigma_shift(
    sentinel: float, side: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    days = [draw(rng, ROWS) for _ in range(REFERENCE)]
    last = draw(rng, ROWS, shift=2.0)
    (days[3] if side == "reference" else last)["x"][0] = sentinel

    assert ("x", "drift") in try_day(tmp_path, last, days=days).told


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_kill_2_one_nan_does_not_change_the_verdict(
    shift: float, rng: np.random.Generator, tmp_path: Path
) -> None:
    last = draw(rng, ROWS, shift=shift)
    last["x"][0] = math.nan

    assert (("x", "drift") in try_day(tmp_path, last).told) is (shift > 0)


def empty_all(day: Day) -> None:
    day["other"] = np.full(ROWS, math.nan)


def lose(day: Day) -> None:
    del day["other"]


@pytest.mark.parametrize("spoil", [empty_all, lose])
def test_kill_3_a_column_that_is_gone_is_a_fault_and_the_others_are_judged(
    spoil: Callable[[Day], None], rng: np.random.Generator, tmp_path: Path
) -> None:
    last = draw(rng, ROWS, shift=2.0)
    spoil(last)

    found = try_day(tmp_path, last)

    assert {("other", "missing"), ("other", "column_missing")} & found.told
    assert ("x", "drift") in found.told
    assert found.paged == {"data", "drift"}


def test_kill_4_sixty_percent_missing_is_an_incident(rng: np.random.Generator, tmp_path: Path) -> None:
    last = draw(rng, ROWS)
    last["x"][rng.random(ROWS) < 0.6] = math.nan

    found = try_day(tmp_path, last)

    assert ("x", "missing") in found.told
    assert "data" in found.paged


def test_kill_5_fifty_rows_of_the_reference_are_quiet(rng: np.random.Generator, tmp_path: Path) -> None:
    days = [draw(rng, 50) for _ in range(REFERENCE)]
    every = {name: np.concatenate([day[name] for day in days]) for name in days[0]}
    chosen = rng.choice(50 * REFERENCE, 50, replace=False)

    found = try_day(tmp_path, {name: values[chosen] for name, values in every.items()}, days=days)

    assert (found.told, found.paged) == (set(), set())
    assert found.window["verdict"] in {"ok", "thin"}


def test_kill_6_a_tenth_of_the_rows_is_no_drift(rng: np.random.Generator, tmp_path: Path) -> None:
    found = try_day(tmp_path, draw(rng, ROWS // 10))

    assert {kind for _, kind in found.told} == {"volume"}


@pytest.mark.parametrize(("unseen", "paged"), [(1, False), (30_000, True)])
def test_kill_7_one_unseen_row_wakes_nobody_and_a_third_of_them_does(
    unseen: int, paged: bool, rng: np.random.Generator, tmp_path: Path
) -> None:
    rows = 100_000
    days = [{"plan": draw(rng, rows)["plan"]} for _ in range(10)]
    last = {"plan": draw(rng, rows)["plan"]}
    last["plan"] = last["plan"].astype("U10")
    last["plan"][:unseen] = "brand-new"

    found = try_day(tmp_path, last, days=days)

    assert (("plan", "unseen") in found.told) is paged
    assert bool(found.paged) is paged


def test_kill_8_a_negligible_shift_of_a_million_rows_wakes_nobody(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    rows = 1_000_000
    days = [{"x": rng.normal(0.0, 1.0, rows)} for _ in range(3)]

    found = try_day(tmp_path, {"x": rng.normal(0.02, 1.0, rows)}, days=days)

    assert (found.told, found.paged) == (set(), set())


def test_kill_9_extreme_drift_is_at_least_as_red_as_mild_drift(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    found = []
    for place, shift in enumerate((0.6, 2.0, 50.0)):
        folder = tmp_path / str(place)
        folder.mkdir()
        found.append(try_day(folder, draw(np.random.default_rng(1), ROWS, shift=shift)))

    mild, strong, extreme = (
        next(one for one in trial.incidents if one["kind"] == "drift") for trial in found
    )
    assert (mild["severity"], strong["severity"], extreme["severity"]) == ("major", "critical", "critical")
    scores = [trial.window["score"] for trial in found]
    assert scores == sorted(scores)


@pytest.mark.parametrize(("value", "moved"), [(7.0, False), (8.0, True)])
def test_kill_10_a_constant_is_quiet_until_it_is_another_one(
    value: float, moved: bool, rng: np.random.Generator, tmp_path: Path
) -> None:
    days = [{**draw(rng, ROWS), "x": np.full(ROWS, 7.0)} for _ in range(REFERENCE)]

    found = try_day(tmp_path, {**draw(rng, ROWS), "x": np.full(ROWS, value)}, days=days)

    assert (("x", "drift") in found.told) is moved
    assert bool(found.paged) is moved


def test_kill_11_equal_shares_have_a_psi_of_nothing_at_any_volume(
    rng: np.random.Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    day = {"x": rng.normal(0.0, 1.0, 1000)}

    found = try_day(tmp_path, {"x": np.tile(day["x"], 3)}, days=[day] * REFERENCE)

    assert {kind for _, kind in found.told} <= {"volume"}
    app = open_app(load_config(tmp_path / "driftwatch.yaml"))
    try:
        watch = app.watch(app.find_monitor("watched"))
        (judged,) = app.database.read(lambda tx: list_verdicts(tx, watch.row))
        statistics = app.database.read(lambda tx: load_statistics(tx, watch.row, judged.window))
    finally:
        app.close()
    assert statistics["x"]["psi"].value == pytest.approx(0.0, abs=9 / 3000)
    assert statistics["x"]["ks"].value == pytest.approx(0.0, abs=1e-12)


def test_kill_12_two_hundred_columns_over_thirty_days_stay_inside_the_budget(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    columns, reference, judged = 200, 40, 30
    values = rng.normal(0.0, 1.0, ((reference + judged) * ROWS, columns))
    step = np.timedelta64(86_400_000_000 // ROWS, "us")
    at = np.datetime64(FIRST, "us") + np.arange(len(values)) * step
    table = pa.table({"at": at} | {f"x{place}": values[:, place] for place in range(columns)})
    pq.write_table(table, tmp_path / "rows.parquet")
    start, end = FIRST + timedelta(days=reference), FIRST + timedelta(days=reference + judged)
    (tmp_path / "driftwatch.yaml").write_text(
        CONFIG.format(end=f"{start:%Y-%m-%d}", secret=generate_secret()), encoding="utf-8"
    )

    ran = run_here(
        *("check", "watched", "--from", f"{start:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}", "-o", "json"),
        folder=tmp_path,
    )

    assert len(ran.json["windows"]) == judged
    listed = run_here("incident", "list", "--all", "-o", "json", folder=tmp_path).json["incidents"]
    assert sum(one["paged"] for one in listed) <= 1


def test_kill_13_no_rows_are_a_freshness_incident(rng: np.random.Generator, tmp_path: Path) -> None:
    found = try_day(tmp_path, {name: values[:0] for name, values in draw(rng, 1).items()})

    assert found.window["verdict"] == "no_data"
    # The hours it is late are the window's own length of grace: it falls due at midnight and is judged then.
    (late,) = run_here(
        *("check", "watched", "--from", day(1), "--to", day(2), "-o", "json"), folder=tmp_path
    ).json["windows"]
    assert late["verdict"] == "no_data"
    listed = run_here("incident", "list", "--all", "-o", "json", folder=tmp_path).json["incidents"]
    assert [(one["kind"], one["severity"]) for one in listed] == [("freshness", "critical")]


def day(number: int) -> str:
    """The date of the day that follows so many days after the reference."""
    return f"{FIRST + timedelta(days=REFERENCE + number):%Y-%m-%d}"


def test_kill_14_what_cannot_be_delivered_is_not_lost(rng: np.random.Generator, tmp_path: Path) -> None:
    try_day(tmp_path, draw(rng, ROWS, shift=2.0))

    ran = run_here(
        *("check", "watched", "--from", day(0), "--to", day(1), "--again", "--notify", "final"),
        folder=tmp_path,
    )

    assert ran.status == 1
    deliveries = run_here("delivery", "list", "-o", "json", folder=tmp_path).json["deliveries"]
    assert [(one["type"], one["state"]) for one in deliveries] == [("incident.opened", "pending")]


def test_kill_15_the_same_rows_give_the_same_verdict(rng: np.random.Generator, tmp_path: Path) -> None:
    last = draw(rng, ROWS, shift=0.4)
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        found.append(try_day(tmp_path / name, last))

    assert found[0].window == found[1].window
