"""Every setting is listed with its line, and nothing that is secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch.config.listing import Listed, list_changed
from driftwatch.config.loading import Config, load_config

TEXT = """\
version: 1
store: {url: "sqlite:///${NAME}.db"}
channels:
  oncall: {kind: slack, url: "https://hooks.slack.com/services/T0/B0/hunter2"}
triggers:
  retrain: {kind: http, url: "https://ci.example.com/hunter3"}
instance: here
collapse: true
monitors:
  - id: flights
    title: "${TITLE:-hunter4}"
    owner: data-platform
    source: {kind: http, url: "https://x.example.com/?key=hunter6", params: {token: hunter7}, format: jsonl}
    window: 1d
    reference: {from: 2013-01-01, to: 2013-02-01}
    columns: {exclude: [flight_id, tail]}
    notify: [oncall]
    patience: 2
"""
VARIABLES = {"NAME": "hunter8"}


def load(folder: Path, text: str = TEXT) -> Config:
    file = folder / "driftwatch.yaml"
    file.write_text(text)
    return load_config(file, VARIABLES)


def find(config: Config, path: str) -> Listed:
    return next(one for one in config.list_settings() if one.path == path)


@pytest.mark.parametrize(
    ("path", "part", "value", "line"),
    [
        ("store.url", "", "***", 2),
        ("channels.oncall.kind", "", "slack", 4),
        ("channels.oncall.url", "", "***", 4),
        ("monitors.flights.owner", "flights", "data-platform", 12),
        ("monitors.flights.title", "flights", "${TITLE:-…}", 11),
        ("monitors.flights.source.url", "flights", "***", 13),
        ("monitors.flights.window", "flights", "1d", 14),
        ("monitors.flights.reference.from", "flights", "2013-01-01T00:00:00", 15),
        ("monitors.flights.columns.exclude", "flights", "flight_id, tail", 16),
        ("monitors.flights.notify", "flights", "oncall", 17),
        ("monitors.flights.mode", "flights", "live", None),
    ],
)
def test_a_setting_is_listed_with_its_value_and_its_line(
    tmp_path: Path, path: str, part: str, value: str, line: int | None
) -> None:
    found = find(load(tmp_path), path)

    assert (found.part, found.value, found.line) == (part, value, line)


def test_nothing_secret_is_listed(tmp_path: Path) -> None:
    listed = load(tmp_path).list_settings()

    assert len({one.path for one in listed}) == len(listed)
    assert "hunter" not in repr(listed)
    assert "hunter" not in "".join(f"{one.path} {one.value} {one.mark}" for one in listed)


def test_what_differs_between_two_readings_is_named_secrets_too(tmp_path: Path) -> None:
    before = load(tmp_path).list_settings()
    changed = TEXT.replace("hunter2", "hunter9").replace("window: 1d", "window: 1h")
    after = load(tmp_path, changed.replace("    owner: data-platform\n", "")).list_settings()

    found = {one.path: one for one in list_changed(before, after)}

    assert set(found) == {"channels.oncall.url", "monitors.flights.window", "monitors.flights.owner"}
    assert found["monitors.flights.owner"].after is None
    hook = found["channels.oncall.url"]
    assert hook.before is not None
    assert hook.after is not None
    assert (hook.before.value, hook.after.value) == ("***", "***")
    assert list_changed(before, before) == ()


def test_a_file_is_known_by_its_content_and_its_place(tmp_path: Path) -> None:
    one = load(tmp_path)
    other = load(tmp_path, TEXT + "# a remark\n")

    assert one.file == tmp_path / "driftwatch.yaml"
    assert one.digest != other.digest
    assert list_changed(one.list_settings(), other.list_settings()) == ()
    assert "list_settings" not in repr(one)
