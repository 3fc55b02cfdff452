from __future__ import annotations

import pytest

from driftwatch.config import Change, ChangeKind, Config, compare_identities
from driftwatch.config.fingerprints import IDENTITY_PARTS
from tests.support.config_files import ENVIRONMENT, FULL, load_text

KEPT = [
    ("minimum_effect: 0.02", "minimum_effect: 0.05"),
    ("limit: 0.25", "limit: 0.5"),
    ("owner: data-platform", "owner: someone"),
    ("exclude: [flight_id]", "exclude: [flight_id, tail]"),
    ("key: [flight_id]", "key: [flight_id, carrier]"),
    ("delay: 30m", "delay: 1h"),
    ("notify: [oncall, hook]", "notify: [hook]"),
    ("to: 2013-02-01", "to: 2013-03-01"),
    ("patience: 1 ", "patience: 2 "),
    ("cooldown: 7d", "cooldown: 9d"),
    ("trained_at: 2013-01-31", "trained_at: 2013-02-28"),
]
RESTARTED = [
    ("features.flights", "features.trips", "source"),
    ("window: 1d", "window: 12h", "window"),
    ("window: 1d", "timezone: Europe/Paris\n    window: 1d", "timezone"),
    ("kinds: {zip: category}", "kinds: {zip: number}", "column kinds"),
    ("time_column: event_time", "time_column: landed_at", "time column"),
    ("window: 1d", 'window: {cron: "0 0 * * *"}', "window"),
]


def compare_configs(old: Config, new: Config) -> tuple[Change, ...]:
    return compare_identities({monitor.id: monitor.identity for monitor in old.monitors}, new)


@pytest.mark.parametrize(("found", "bent"), KEPT)
def test_changed_limits_columns_and_texts_keep_the_history(found: str, bent: str) -> None:
    assert found in FULL
    old, new = load_text(FULL), load_text(FULL.replace(found, bent))

    (change,) = compare_configs(old, new)

    assert change.kind is ChangeKind.KEPT
    assert old.monitors[0].fingerprint != new.monitors[0].fingerprint
    assert old.fingerprint != new.fingerprint


@pytest.mark.parametrize(("found", "bent", "part"), RESTARTED)
def test_a_changed_source_window_zone_or_kind_starts_a_new_history(found: str, bent: str, part: str) -> None:
    assert found in FULL

    (change,) = compare_configs(load_text(FULL), load_text(FULL.replace(found, bent)))

    assert change.kind is ChangeKind.RESTARTED
    assert change.parts == (part,)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("postgresql://reader:another@db.example/lake", ChangeKind.KEPT),
        ("postgresql://writer@db.example/lake", ChangeKind.KEPT),
        ("postgresql+psycopg://reader:x@db.example/lake?connect_timeout=3", ChangeKind.KEPT),
        ("postgresql://reader:canary-warehouse@db.example/ocean", ChangeKind.RESTARTED),
        ("postgresql://reader:canary-warehouse@other.example/lake", ChangeKind.RESTARTED),
    ],
)
def test_only_where_the_database_is_belongs_to_the_history(address: str, kind: ChangeKind) -> None:
    new = load_text(FULL, {**ENVIRONMENT, "WAREHOUSE_URL": address})

    (change,) = compare_configs(load_text(FULL), new)

    assert change.kind is kind


def test_how_long_a_read_may_take_keeps_the_history() -> None:
    new = load_text(FULL.replace("table: features.flights", "timeout: 7m\n      table: features.flights"))

    (change,) = compare_configs(load_text(FULL), new)

    assert change.kind is ChangeKind.KEPT


HTTP = (
    FULL.replace("kind: sql", "kind: http")
    .replace(
        "table: features.flights",
        'params: {dataset: flights, from: "{window_start}", token: "${RETRAIN_SECRET}"}\n'
        '      auth: {bearer: "${HOOK_SECRET}"}',
    )
    .replace('"${WAREHOUSE_URL}"', "https://rows.example/v1?part=a")
)


@pytest.mark.parametrize(
    ("found", "bent", "kind"),
    [
        ("dataset: flights", "dataset: trips", ChangeKind.RESTARTED),
        ("part=a", "part=b", ChangeKind.RESTARTED),
        ("/v1", "/v2", ChangeKind.RESTARTED),
        ('token: "${RETRAIN_SECRET}"', 'token: "${HOOK_SECRET}"', ChangeKind.KEPT),
        ('bearer: "${HOOK_SECRET}"', 'bearer: "${RETRAIN_SECRET}"', ChangeKind.KEPT),
        ("      auth:", "      deadline: 9m\n      at_most_bytes: 5\n      auth:", ChangeKind.KEPT),
    ],
)
def test_what_a_server_is_asked_for_belongs_to_the_history(found: str, bent: str, kind: ChangeKind) -> None:
    assert found in HTTP

    (change,) = compare_configs(load_text(HTTP), load_text(HTTP.replace(found, bent)))

    assert change.kind is kind


def test_an_address_that_moves_into_the_environment_keeps_the_history() -> None:
    address = "postgresql://db.example/lake"
    old, new = (
        FULL.replace('"${WAREHOUSE_URL}"', address),
        load_text(FULL, {**ENVIRONMENT, "WAREHOUSE_URL": address}),
    )

    (change,) = compare_configs(load_text(old), new)

    assert change.kind is ChangeKind.KEPT


def test_a_changed_secret_keeps_the_history_and_is_noticed() -> None:
    old = load_text(FULL)
    new = load_text(FULL, {**ENVIRONMENT, "HOOK_SECRET": ENVIRONMENT["RETRAIN_SECRET"]})

    assert [change.kind for change in compare_configs(old, new)] == [ChangeKind.KEPT]
    assert old.fingerprint != new.fingerprint


def test_the_same_file_has_the_same_fingerprints() -> None:
    first, second = load_text(FULL), load_text(FULL)

    assert first.fingerprint == second.fingerprint
    assert first.monitors == second.monitors


def test_an_identity_fits_into_64_characters_and_names_its_parts() -> None:
    (monitor,) = load_text(FULL).monitors

    assert len(monitor.identity) == 64
    assert len(monitor.identity.split("-")) == len(IDENTITY_PARTS)


def test_monitors_that_come_and_go_are_told() -> None:
    old = load_text(FULL)
    new = load_text(FULL.replace("flight-delays  ", "arrivals  "))

    changes = compare_configs(old, new)

    assert [str(change) for change in changes] == [
        "arrivals is new and starts its history",
        "flight-delays is detached: it is no longer judged, its history is kept",
    ]


def test_stored_identities_say_what_changed() -> None:
    known = {monitor.id: monitor.identity for monitor in load_text(FULL).monitors}
    new = load_text(
        FULL.replace("window: 1d", "window: 1w").replace("features.flights", "f").replace("event_time", "t")
    )

    (change,) = compare_identities(known, new)

    assert str(change) == (
        "flight-delays starts a new history, because its source, window and time column changed"
    )


def test_an_identity_of_another_shape_is_a_new_history() -> None:
    (change,) = compare_identities({"flight-delays": "x" * 64}, load_text(FULL))

    assert change.kind is ChangeKind.RESTARTED
    assert change.parts == IDENTITY_PARTS
