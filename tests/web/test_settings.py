from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from driftwatch.config.loading import load_config
from driftwatch.jobs.heartbeat import Beat, beat
from driftwatch.store.database import Database
from driftwatch.web.installed import list_packages
from driftwatch.web.site import build_site
from tests.support.hostile import MARKUP, find_live_markup
from tests.support.site import Site, open_site, read_text

TEXT = """\
version: 1
store: {url: "sqlite:///hunter1.db"}
channels:
  hook: {kind: log}
monitors:
  - id: flights
    owner: data-platform
    source: {kind: files, path: rows.csv, time_column: at}
    window: 1d
    reference: {from: 2013-01-01, to: 2013-02-01}
    notify: [hook]
"""


def open_with(store: Database, folder: Path, text: str = TEXT) -> tuple[Site, Path]:
    """Return a site over a configuration file, and the file."""
    file = folder / "driftwatch.yaml"
    file.write_text(text)
    site = open_site(store)
    config = load_config(file, {})
    app = replace(site.app, config=replace(config, monitors=site.app.config.monitors))
    client = TestClient(build_site(lambda: app), base_url="http://localhost", raise_server_exceptions=False)
    return replace(site, app=app, client=client), file


def test_settings_are_shown_with_the_line_they_stand_in_and_nothing_secret(
    store: Database, tmp_path: Path
) -> None:
    site, file = open_with(store, tmp_path)

    words = site.read("/settings")
    own = site.read("/settings?part=flights")

    assert f"store.url *** {file}:2" in words
    assert "hunter" not in site.get("/settings")
    assert f"monitors.flights.owner data-platform {file}:7" in own
    assert "monitors.flights.mode live by default" in own
    assert "monitors.flights" not in words
    assert f"monitors.flights.owner data-platform {file}:7" in site.read("/settings?q=OWNER&part=flights")


def test_what_a_reload_would_change_is_told_before_it(store: Database, tmp_path: Path) -> None:
    site, file = open_with(store, tmp_path)
    assert "Nothing: the file on disk is what is at work." in site.read("/settings")

    file.write_text(TEXT.replace("data-platform", "fares").replace("id: flights", "id: rides"))
    words = site.read("/settings")

    assert "The file on disk differs from what is at work." in words
    assert "monitors.rides.owner – fares line 7" in words
    assert "rides is new and starts its history" in words
    assert "flights is detached" in words
    file.write_text(TEXT + "# a remark\n")
    assert "No setting differs: only comments" in site.read("/settings")


def test_mistakes_in_the_file_are_told_with_their_lines(store: Database, tmp_path: Path) -> None:
    site, file = open_with(store, tmp_path)
    file.write_text(TEXT.replace("window: 1d", "windows: 1d"))

    words = site.read("/settings")

    assert "A reload is refused" in words
    assert f"{file}:9:5: monitors[0]" in words
    file.unlink()
    assert "there is no file" in site.read("/settings")


def test_who_is_at_work_is_named_and_silence_is_told(store: Database, tmp_path: Path) -> None:
    site, _ = open_with(store, tmp_path)
    assert "No daemon was seen in the last 30 seconds" in site.read("/settings")
    now = site.bench.clock.now()
    beat(store, Beat(at=now, owner="one:1", config=site.app.config.fingerprint))
    beat(store, Beat(at=now - timedelta(seconds=5), owner="two:2", config="another"))
    beat(store, Beat(at=now - timedelta(minutes=5), owner="gone:3"))

    words = site.read("/settings")

    assert re.search(r"one:1: seen just now two:2: seen \S+ \S+ ago *, ◐ under another configuration", words)
    assert "gone:3" not in words


def test_what_is_installed_is_named_with_its_licence(store: Database) -> None:
    site = open_site(store)
    known = {one.name.lower(): one for one in list_packages()}

    words = site.read("/settings")

    assert {"driftwatch", "numpy", "sqlalchemy", "fastapi"} <= set(known)
    assert all(one.version and one.licence for one in known.values())
    assert f"{known['sqlalchemy'].name} {known['sqlalchemy'].version} {known['sqlalchemy'].licence}" in words
    assert known["sqlalchemy"].licence.startswith("MIT")


@pytest.mark.parametrize("text", MARKUP)
def test_what_is_hostile_is_shown_as_text(store: Database, tmp_path: Path, text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
    escaped = quoted.replace("${", "$${")
    site, file = open_with(store, tmp_path, TEXT.replace("data-platform", escaped))
    file.write_text(TEXT.replace("owner: data-platform", f"title: {escaped}"))

    assert find_live_markup(site.get("/settings?part=flights")) == []
    assert read_text(site.get("/settings"))
