from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

HEAVY = ("pandas", "rich", "scipy.stats", "sqlalchemy", "requests", "alembic", "apscheduler")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(1)
    for name, shift in (("old", 0.0), ("same", 0.0), ("moved", 1.0)):
        columns = {
            "amount": rng.normal(shift, 1, 2000),
            "a column with a rather long name of its own": rng.normal(size=2000),
            "naïve\x1b[31m城市": rng.choice(["a", "b"], 2000),
            "event_time": pa.array(np.arange(2000) * 60_000_000, pa.timestamp("us", "UTC")),
        }
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    lines = [f"{value:.3f},x{value > 0}" for value in rng.normal(size=500)]
    (folder / "old.csv").write_text("amount,sign\n" + "\n".join(lines))
    return folder


def run(*words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "80", **settings}
    command = [sys.executable, "-m", "driftwatch", "compare", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=env, check=False)


@pytest.mark.parametrize(
    ("current", "options", "status"),
    [
        ("same.parquet", [], 0),
        ("moved.parquet", [], 1),
        ("moved.parquet", ["--exit-zero"], 0),
        ("moved.parquet", ["-o", "json"], 1),
        ("moved.parquet", ["--exclude", "amount"], 0),
        ("moved.parquet", ["--minimum-effect", "0.9"], 0),
        ("nowhere.parquet", [], 2),
        ("nowhere.parquet", ["--exit-zero"], 2),
        ("same.parquet", ["--key", "nope"], 2),
        ("same.parquet", ["--kind", "amount"], 2),
        ("same.parquet", ["--no-such-option"], 2),
    ],
)
def test_the_exit_status_says_clean_found_or_trouble(
    files: Path, current: str, options: list[str], status: int
) -> None:
    assert run(files / "old.parquet", files / current, *options).returncode == status


def test_trouble_is_one_line_on_standard_error(files: Path) -> None:
    ended = run(files / "old.parquet", files / "nowhere.parquet")

    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "nowhere.parquet" in ended.stderr


def test_json_stands_alone_on_standard_output(files: Path) -> None:
    ended = run(files / "old.parquet", files / "moved.parquet", "-o", "json", "--exit-zero")

    found = json.loads(ended.stdout)
    assert ended.stderr == ""
    assert found["schema"] == "driftwatch.compare/v1"
    assert [column["verdict"] for column in found["columns"]] == ["drift", "ok", "ok"]


def test_the_table_begins_with_one_line_and_shows_pictures_and_findings(files: Path) -> None:
    lines = run(files / "old.parquet", files / "moved.parquet").stdout.splitlines()

    assert lines[0] == "drift: 1 of 3 columns moved; 2,000 rows against 2,000 of the reference"
    assert lines[2].split() == [
        "column",
        "kind",
        "reference",
        "current",
        "KS",
        "PSI",
        "moved",
        "≥",
        "missing",
        "verdict",
    ]
    assert lines[3].startswith("amount")
    assert lines[3].endswith("✗ drift")
    assert any(sign in lines[3] for sign in "▁▂▃▄▅▆▇█")
    assert any(line.startswith("  at least 3") and "moved in amount" in line for line in lines)
    assert "  event_time: taken as the time column" in lines


def test_a_pipe_gets_no_colours_and_no_control_characters_of_a_name(files: Path) -> None:
    assert "\x1b" not in run(files / "old.parquet", files / "moved.parquet").stdout


def test_a_terminal_without_unicode_gets_ascii(files: Path) -> None:
    ended = run(files / "old.parquet", files / "moved.parquet", PYTHONIOENCODING="ascii")

    assert ended.returncode == 1
    assert ended.stdout.isascii()
    assert "x drift" in ended.stdout
    assert "moved >" in ended.stdout


@pytest.mark.parametrize(
    ("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_gets_colours_unless_it_wants_none(
    files: Path, settings: dict[str, str], *, coloured: bool
) -> None:
    assert ("\x1b[31m" in run_in_terminal(files, 120, settings)) == coloured


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_terminal(files: Path, width: int) -> None:
    shown = run_in_terminal(files, width, {"NO_COLOR": "1"})

    assert "amount" in shown
    assert max(len(line) for line in shown.splitlines()[1:]) <= width


def run_in_terminal(files: Path, width: int, settings: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    env = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "CI"}}
    env |= {"COLUMNS": str(width), "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **settings}
    command = [
        sys.executable,
        "-m",
        "driftwatch",
        "compare",
        str(files / "old.parquet"),
        str(files / "moved.parquet"),
    ]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and select.select([ours], [], [], 60)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so where a terminal has lost its last writer.
                break
            if not part:
                break
            shown += part
        process.wait(60)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("old", "new"), [("old.parquet", "moved.parquet"), ("old.csv", "old.csv")])
def test_nothing_heavy_is_imported(files: Path, old: str, new: str) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['driftwatch', 'compare', {str(files / old)!r}, {str(files / new)!r}, '--exit-zero']\n"
        "from driftwatch.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stderr.strip() == "[]"


def test_values_that_mean_missing_and_kinds_come_from_options(files: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("zip,reading\n" + "100,-200\n200,3.5\n" * 100)

    ended = run(
        tmp_path / "rows.csv",
        tmp_path / "rows.csv",
        "-o",
        "json",
        "--missing",
        "-200",
        "--kind",
        "zip=category",
    )

    zips, reading = json.loads(ended.stdout)["columns"]
    assert zips["kind"] == "category"
    assert reading["missing_share"] == {"reference": 0.5, "current": 0.5}
