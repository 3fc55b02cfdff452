from __future__ import annotations

import json
import re
import shlex
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests.support.commands import Ran, run_here
from tests.support.shared_data import find_shared_data, read_shared
from tests.support.shop import build_rows, write_rows
from tests.support.warehouse import Warehouse, warehouse

__all__ = ["warehouse"]

PASSWORD = "canary-pass word/@:?#"


def read_next_step(ran: Ran) -> list[str]:
    """Return the words of the command that `init` says comes next."""
    (line,) = (line for line in ran.stdout.splitlines() if line.startswith("Next: driftwatch "))
    return shlex.split(line.removeprefix("Next: driftwatch ").partition("   (")[0])


def judge_unedited(ran: Ran, folder: Path, variables: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Validate what `init` wrote, run the command it names next, and return the windows that are judged."""
    assert (ran.status, ran.stderr) == (0, "")
    validated = run_here("validate", folder=folder, variables=variables)
    assert (validated.status, validated.stderr) == (0, "")
    judged = run_here(*read_next_step(ran), "-o", "json", folder=folder, variables=variables)
    assert judged.status in {0, 1}, judged.stderr
    assert judged.stderr == ""
    windows: list[dict[str, Any]] = judged.json["windows"]
    assert len(windows) == 5
    return windows


_A_DAY = 96
"""Rows of a day that are not too thin for the settings that `init` writes."""


def write_csv(path: Path) -> None:
    write_rows(path, _A_DAY)


def write_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in build_rows(_A_DAY)))


def write_parquet(path: Path) -> None:
    rows = build_rows(_A_DAY)
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), path)


@pytest.mark.parametrize(
    ("name", "write"),
    [("rows.csv", write_csv), ("rows.jsonl", write_jsonl), ("sub dir/Rows (1).parquet", write_parquet)],
)
def test_a_file_is_watched_unedited(name: str, write: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    write(tmp_path / name)

    ran = run_here("init", "--from", name, folder=tmp_path)

    windows = judge_unedited(ran, tmp_path)
    assert [(window["start"][:10], window["verdict"]) for window in windows] == [
        ("2024-01-15", "drift"),
        ("2024-01-16", "drift"),
        *((f"2024-01-{day}", "ok") for day in (17, 18, 19)),
    ]
    text = (tmp_path / "driftwatch.yaml").read_text()
    assert str(tmp_path) not in text
    assert "time_column: at\n" in text


@pytest.mark.parametrize(
    ("name", "time_column"),
    [
        ("bike_sharing_hour.csv.gz", "dteday"),
        ("metro_interstate_traffic.csv.gz", "date_time"),
        ("car_loan_reference.csv.gz", "timestamp"),
    ],
)
def test_real_data_is_watched_unedited(name: str, time_column: str, tmp_path: Path) -> None:
    path = find_shared_data(name)

    ran = run_here("init", "--from", str(path), folder=tmp_path)

    stamps = pd.to_datetime(read_shared(name)[time_column], utc=True)
    for window in judge_unedited(ran, tmp_path):
        rows = int(((stamps >= window["start"]) & (stamps < window["end"])).sum())
        assert window["rows"] == rows
        assert (window["verdict"] == "no_data") == (rows == 0)
    text = (tmp_path / "driftwatch.yaml").read_text()
    assert f"path: {json.dumps(str(path))}" in text
    assert f"time_column: {time_column}\n" in text


def fill(warehouse: Warehouse) -> None:
    columns = {"at": sa.String(40), "id": sa.Integer(), "amount": sa.Float(), "kind": sa.String(10)}
    warehouse.create("sales", columns, build_rows())


def test_a_table_is_watched_unedited(warehouse: Warehouse, tmp_path: Path) -> None:
    fill(warehouse)

    ran = run_here("init", "--from", warehouse.url, "--table", "sales", folder=tmp_path)

    assert [window["rows"] for window in judge_unedited(ran, tmp_path)] == [48] * 5
    text = (tmp_path / "driftwatch.yaml").read_text()
    assert "kind: sql" in text
    assert "table: sales" in text


@pytest.fixture
def account(warehouse: Warehouse) -> Iterator[str]:
    """The address of the warehouse for an account with a password."""
    fill(warehouse)
    url = make_url(warehouse.url)
    name = f"reader_{uuid.uuid4().hex[:12]}"
    address = url.set(username=name, password=PASSWORD).render_as_string(hide_password=False)
    if warehouse.kind == "postgresql":
        warehouse.run(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'", f"GRANT SELECT ON sales TO {name}")
        yield address
        warehouse.run(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    else:
        warehouse.run(f"CREATE USER {name} IDENTIFIED BY '{PASSWORD}'", f"GRANT SELECT ON sales TO {name}")
        yield address
        warehouse.run(f"DROP USER {name}")


@pytest.mark.parametrize("warehouse", ["postgresql", "mariadb"], indirect=True)
def test_a_password_never_lands_in_a_file(account: str, tmp_path: Path) -> None:
    ran = run_here("init", "--from", account, "--table", "sales", folder=tmp_path)

    assert judge_unedited(ran, tmp_path, {"DRIFTWATCH_SOURCE_URL": account})
    for file in tmp_path.iterdir():
        assert b"canary" not in file.read_bytes()
    assert "canary" not in ran.stdout
    assert "First: export DRIFTWATCH_SOURCE_URL=" in ran.stdout
    unset = run_here("validate", folder=tmp_path)
    assert unset.status == 2
    assert "DRIFTWATCH_SOURCE_URL is not set" in unset.stderr


def test_what_is_there_is_not_written_over_unless_forced(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    (tmp_path / "driftwatch.yaml").write_text("mine")

    refused = run_here("init", "--from", "rows.csv", folder=tmp_path)

    assert (refused.status, refused.stdout) == (2, "")
    assert refused.stderr == "driftwatch: driftwatch.yaml is there already; --force writes over it\n"
    assert (tmp_path / "driftwatch.yaml").read_text() == "mine"
    assert run_here("init", "--from", "rows.csv", "--force", folder=tmp_path).status == 0
    assert run_here("validate", folder=tmp_path).status == 0


def test_another_place_is_named_in_the_next_steps(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")

    ran = run_here("init", "--from", "rows.csv", "-c", "my shop.yaml", folder=tmp_path)

    assert read_next_step(ran)[-2:] == ["-c", "my shop.yaml"]
    assert run_here(*read_next_step(ran), folder=tmp_path).status in {0, 1}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], 'say where the data is: --from FILE, --from "data/*.csv", or --from URL --table TABLE'),
        (["--from", "nowhere.csv"], "the file nowhere.csv cannot be opened: no such file or directory"),
        (
            ["--from", "empty.csv"],
            "the file empty.csv has no header: it is empty; was it written completely?",
        ),
        (
            ["--from", "rows.csv", "--time-column", "when"],
            "rows.csv: there is no column 'when'; there are: at, id",
        ),
        (["--from", "rows.csv", "--time-column", "kind"], "the time column 'kind' holds"),
        (["--from", "plain.csv"], "plain.csv: no column looks like the time of the event; name one with"),
        (["--from", "rows.csv", "-c", "no/where.yaml"], "no/where.yaml: no such file or directory"),
        (["--from", "sqlite:///lake.db"], "--from URL needs --table TABLE too"),
        (["--from", "postgresql://me:canary@127.0.0.1:9/lake", "--table", "t"], "lake at 127.0.0.1:9"),
    ],
)  # fmt: skip - one case a line
def test_what_cannot_be_watched_is_refused_and_nothing_is_written(
    args: list[str], said: str, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.csv")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "plain.csv").write_text("a,b\n1,2\n")
    before = set(tmp_path.iterdir())

    ran = run_here("init", *args, folder=tmp_path)

    assert (ran.status, ran.stdout) == (2, "")
    (line,) = ran.stderr.splitlines()
    assert said in line
    assert "canary" not in line
    assert set(tmp_path.iterdir()) == before


def test_a_good_configuration_is_said_to_be_good(fresh_shop: Path) -> None:
    text, found = (
        run_here("validate", folder=fresh_shop),
        run_here("validate", "-o", "json", folder=fresh_shop),
    )

    assert (text.status, text.stderr) == (0, "")
    assert text.stdout == "driftwatch.yaml: no mistakes, 1 monitor.\n"
    assert found.json == {
        "schema": "driftwatch.validate/v1",
        "ok": True,
        "monitors": ["shop"],
        "warnings": [],
        "changes": [],
        "troubles": [],
    }
    assert not (fresh_shop / "driftwatch.db").exists()


def test_every_mistake_is_listed_at_once_with_its_place(fresh_shop: Path) -> None:
    config = fresh_shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("owner:", "ownr:").replace("window: 1d", "window: soon"))

    text, found = (
        run_here("validate", folder=fresh_shop),
        run_here("validate", "-o", "json", folder=fresh_shop),
    )

    assert (text.status, text.stdout, found.status) == (2, "", 2)
    assert len(text.stderr.splitlines()) == 2
    for line in text.stderr.splitlines():
        assert re.match(r"driftwatch\.yaml:\d+:\d+: monitors\[0\]\.(ownr|window): ", line)
    assert found.json["ok"] is False
    assert found.json["troubles"] == text.stderr.splitlines()
    assert found.stderr == text.stderr


def test_it_says_which_monitors_start_a_new_history(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    kept = run_here("validate", folder=shop)
    config.write_text(config.read_text().replace("window: 1d", "window: 12h"))
    changed = run_here("validate", "-o", "json", folder=shop)
    config.write_text(config.read_text().replace("id: shop", "id: store"))
    renamed = run_here("validate", "-o", "json", folder=shop)

    assert "shop keeps its history" in kept.stdout
    (said,) = changed.json["changes"]
    assert "shop starts a new history" in said
    assert "window" in said
    assert {line.split()[0] for line in renamed.json["changes"]} == {"shop", "store"}


def test_connect_reaches_every_source_and_the_store(fresh_shop: Path) -> None:
    assert run_here("validate", "--connect", folder=fresh_shop).status == 0
    (fresh_shop / "rows.csv").unlink()
    config = fresh_shop / "driftwatch.yaml"
    url = "postgresql://me:canary@127.0.0.1:9/store"
    config.write_text(config.read_text().replace("sqlite:///driftwatch.db", url))

    text, found = (
        run_here("validate", "--connect", *args, folder=fresh_shop) for args in ([], ["-o", "json"])
    )

    assert (text.status, found.status) == (2, 2)
    store, source = found.json["troubles"]
    assert "PostgreSQL database store at 127.0.0.1:9" in store
    assert "rows.csv" in source
    assert text.stderr == found.stderr == f"driftwatch: {store}\ndriftwatch: {source}\n"
    assert "canary" not in text.stderr
    assert run_here("validate", folder=fresh_shop).status == 0


def test_a_configuration_that_tells_nobody_is_warned_about(fresh_shop: Path) -> None:
    config = fresh_shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("    notify: [log]\n", ""))

    ran = run_here("validate", folder=fresh_shop)

    assert ran.status == 0
    assert ran.stdout.startswith("warning: driftwatch.yaml:")
    assert "nobody will be told" in ran.stdout


def test_the_schema_is_json_and_knows_the_settings(tmp_path: Path) -> None:
    ran = run_here("schema", folder=tmp_path)

    assert (ran.status, ran.stderr) == (0, "")
    assert {"version", "store", "channels", "triggers", "monitors"} <= set(ran.json["properties"])
