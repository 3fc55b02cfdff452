"""`driftwatch serve` with its pages, as somebody runs it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

CONFIG = """\
version: 1
store: {{url: "sqlite:///{folder}/store.db"}}
web: {{listen: "127.0.0.1:{port}"}}
channels: {{log: {{kind: log}}}}
monitors:
  - id: rides
    source: {{kind: files, path: "{folder}/*.csv", time_column: t}}
    window: 1d
    reference: {{from: 2024-01-01, to: 2024-01-08}}
    notify: [log]
"""


@contextmanager
def serve(folder: Path, *options: str, port: int = 0) -> Iterator[Path]:
    """Run `driftwatch serve` on a port that the system chooses; yield its log."""
    config, log = folder / "driftwatch.yaml", folder / "log"
    config.write_text(CONFIG.format(folder=folder, port=port))
    command: Sequence[str] = [sys.executable, "-m", "driftwatch", "serve", "-c", str(config), *options]
    with log.open("w") as stderr, subprocess.Popen(command, stderr=stderr) as process:
        try:
            yield log
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


def find_address(log: Path) -> str:
    wait_until(lambda: "pages served" in log.read_text())
    found = re.search(r"pages served at=(http://\S+)", log.read_text())
    assert found is not None
    return found[1]


def test_a_daemon_serves_its_pages_and_ends_with_them(tmp_path: Path) -> None:
    with serve(tmp_path) as log:
        wait_until(lambda: "daemon started" in log.read_text())
        page = requests.get(f"{find_address(log)}/", timeout=20)

    assert page.status_code == 200
    assert "rides: nothing was checked yet" in page.text
    assert "driftwatch itself" not in page.text
    assert "daemon stopped status=0" in log.read_text()


def test_pages_are_served_without_a_daemon_and_say_that_none_runs(tmp_path: Path) -> None:
    with serve(tmp_path, "--no-scheduler") as log:
        page = requests.get(f"{find_address(log)}/", timeout=20)

    assert "driftwatch itself needs attention." in page.text
    assert "daemon started" not in log.read_text()


def test_a_port_that_somebody_has_keeps_nobody_from_watching(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    with serve(first, "--no-scheduler") as log:
        port = int(find_address(log).rpartition(":")[2])
        with serve(second, port=port) as other:
            wait_until(lambda: "daemon started" in other.read_text())

    assert "pages not served reason=the pages cannot be served at" in other.read_text()


def test_without_pages_nobody_listens(tmp_path: Path) -> None:
    with serve(tmp_path, "--no-web") as log:
        wait_until(lambda: "daemon started" in log.read_text())

    assert "pages served" not in log.read_text()
