from __future__ import annotations

import dataclasses
import json
import pickle
import pprint
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driftwatch.calibration.budget import Budget
from driftwatch.channels import Slack, Webhook
from driftwatch.config import load_config, parse_config
from driftwatch.config.sections import list_settings
from driftwatch.config.settings import RetrainSettings
from driftwatch.errors import ConfigError
from driftwatch.incidents.policy import Ages, Freshness, Patience, Policy
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.jobs.monitor import CatchUp, Excluded, Model, ReferenceSpec, Rolling
from driftwatch.jobs.windows import Schedule
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.times import TimeColumn
from driftwatch.retraining.policy import ALLOWED_KINDS, RetrainPolicy
from driftwatch.sources.files import FilesSource
from tests.support.config_files import ENVIRONMENT, FULL, SMALL, list_mistakes, load_text

NOTIFY = "    notify: [log]\n"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def with_line(line: str) -> str:
    """Return the small configuration with one more line at the end of its monitor, line 14."""
    return f"{SMALL}    {line}\n"


def test_the_example_of_the_manual_loads_as_it_reads() -> None:
    config = load_text(FULL)

    (monitor,) = config.monitors
    assert monitor.id == "flight-delays"
    assert monitor.owner == "data-platform"
    assert monitor.runbook == "https://wiki.example.com/flight-delays"
    assert monitor.schedule == Schedule(every=timedelta(days=1))
    assert monitor.delay == timedelta(minutes=30)
    assert monitor.reference == ReferenceSpec(start=at("2013-01-01"), end=at("2013-02-01"))
    assert monitor.columns == ColumnOptions(
        exclude=("flight_id",),
        kinds={"zip": "category"},
        key=("flight_id",),
        time=TimeColumn(columns=("event_time",)),
    )
    assert monitor.catch_up == CatchUp(policy="all", at_most=96)
    assert monitor.judging == Judging(
        minimum_effect=0.02,
        rules=(
            Rule(column="dep_delay", statistic="psi", limit=0.25),
            Rule(column="*", statistic="missing_share", limit=0.1),
        ),
        budget=Budget(),
    )
    assert monitor.policy == Policy(
        patience=Patience(k=1, of=1),
        resolve_after=3,
        freshness=Freshness(warn_after=timedelta(hours=2), page_after=timedelta(hours=6)),
        ages=Ages(model=timedelta(days=90), reference=timedelta(days=180)),
        season=timedelta(days=7),
    )
    assert monitor.model == Model(name="delay", version="2013.1", trained_at=at("2013-01-31"))
    assert monitor.notify == ("oncall", "hook")
    assert monitor.retrain == RetrainPolicy(
        trigger="retrain", when=frozenset({"drift", "stale"}), after=2, cooldown=timedelta(days=7)
    )


def test_channels_and_triggers_are_what_their_kind_says() -> None:
    config = load_text(FULL)

    oncall, hook = config.channels["oncall"], config.channels["hook"]
    assert isinstance(oncall, Slack)
    assert oncall.url.reveal() == ENVIRONMENT["SLACK_WEBHOOK_URL"]
    assert oncall.fallback == "hook"
    assert isinstance(hook, Webhook)
    assert hook.secret.reveal() == ENVIRONMENT["HOOK_SECRET"]
    assert list(config.triggers) == ["retrain"]
    assert config.store_url.reveal() == "sqlite:///driftwatch.db"


def test_what_is_left_out_has_its_documented_default() -> None:
    (monitor,) = load_text(SMALL).monitors

    assert monitor.delay == timedelta(0)
    assert monitor.timezone == "UTC"
    assert monitor.judging == Judging(minimum_effect=0.02, budget=Budget())
    assert monitor.catch_up == CatchUp(policy="all", at_most=96)
    assert monitor.policy == Policy(season=timedelta(days=7))
    assert monitor.model is None
    assert monitor.retrain is None
    assert monitor.columns == ColumnOptions(time=TimeColumn(columns=("at",)))


def test_rules_without_a_minimum_effect_judge_alone() -> None:
    (monitor,) = load_text(with_line("rules: [{column: a, statistic: ks, limit: 0.1}]")).monitors

    assert monitor.judging.minimum_effect is None
    assert monitor.judging.rules == (Rule(column="a", statistic="ks", limit=0.1),)


def test_a_rule_may_have_a_p_value_in_place_of_a_limit() -> None:
    (monitor,) = load_text(with_line("rules: [{column: a, statistic: ks, p_value: 0.001}]")).monitors

    assert monitor.judging.rules == (Rule(column="a", statistic="ks", p_value=0.001),)


def test_a_monitor_is_live_unless_it_says_otherwise() -> None:
    (live,) = load_text(SMALL).monitors
    (shadow,) = load_text(with_line("mode: shadow")).monitors

    assert (live.mode, live.recipients) == ("live", ("log",))
    assert (shadow.mode, shadow.notify, shadow.recipients) == ("shadow", ("log",), ())


def test_patience_may_be_k_of_n() -> None:
    (monitor,) = load_text(with_line("patience: {k: 2, of: 3}")).monitors

    assert monitor.policy.patience == Patience(k=2, of=3)


def test_a_plain_patience_counts_windows_in_a_row() -> None:
    (monitor,) = load_text(with_line("patience: 3")).monitors

    assert monitor.policy.patience == Patience(k=3, of=3)


def test_dates_are_midnights_in_the_zone_of_the_monitor() -> None:
    text = with_line("timezone: Europe/Paris").replace(
        "{from: 2013-01-01, to: 2013-02-01}",
        "{from: 2013-01-01, to: 2013-07-01T00:00Z, except: [{from: 2013-06-01, to: 2013-06-02, why: fair}]}",
    )

    (monitor,) = load_text(text).monitors

    assert monitor.reference.start == at("2012-12-31T23:00")
    assert monitor.reference.end == at("2013-07-01T00:00")
    assert monitor.reference.excluded == (
        Excluded(start=at("2013-05-31T22:00"), end=at("2013-06-01T22:00"), why="fair"),
    )
    assert monitor.schedule.timezone == "Europe/Paris"
    assert monitor.columns.timezone == "Europe/Paris"


def test_a_window_may_be_a_cron_line_with_its_own_zone() -> None:
    text = SMALL.replace("window: 1d", 'window: {cron: "0 6 * * 1-5", timezone: Europe/Paris}')

    (monitor,) = load_text(text).monitors

    assert monitor.schedule == Schedule(cron="0 6 * * 1-5", timezone="Europe/Paris")
    assert monitor.timezone == "UTC"


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("t", TimeColumn(columns=("t",))),
        ("[dteday, hr]", TimeColumn(columns=("dteday", "hr"))),
        (
            '{column: t, format: "%d-%m-%Y %H:%M", timezone: Europe/Madrid}',
            TimeColumn(columns=("t",), format="%d-%m-%Y %H:%M", timezone="Europe/Madrid"),
        ),
        ("{column: [d, h]}", TimeColumn(columns=("d", "h"))),
    ],
)
def test_the_time_column_has_three_forms(written: str, time: TimeColumn) -> None:
    (monitor,) = load_text(SMALL.replace("time_column: at", f"time_column: {written}")).monitors

    assert monitor.columns.time == time


def test_values_that_mean_missing_are_numbers_or_text_as_written() -> None:
    (monitor,) = load_text(with_line('missing: [-200, "NA", "7", no, 12:30, 1e3]')).monitors

    assert monitor.columns.missing == (-200.0, "NA", "7", "no", "12:30", 1000.0)


@pytest.mark.parametrize(
    "word", ["no", "on", "yes", "off", "y", "12:30", "017", "0x1F", "1_000", "2013-01-01", "=", "true"]
)
def test_plain_words_stay_text_where_text_is_wanted(word: str) -> None:
    (monitor,) = load_text(with_line(f"owner: {word}")).monitors

    assert monitor.owner == word


def test_a_leading_zero_is_no_octal_number() -> None:
    (monitor,) = load_text(with_line("resolve_after: 017")).monitors

    assert monitor.policy.resolve_after == 17


@pytest.mark.parametrize(("written", "derived"), [("{derived: true}", True), ("{exclude: [x]}", False)])
def test_columns_are_derived_where_it_is_asked_for(written: str, derived: bool) -> None:
    (monitor,) = load_text(with_line(f"columns: {written}")).monitors

    assert monitor.columns.derived is derived


def test_variables_fill_numbers_lists_and_durations() -> None:
    text = with_line('resolve_after: "${N}"').replace("[log]", '["${WHO:-log}"]').replace("1d", "${W}")

    (monitor,) = load_text(text, {**ENVIRONMENT, "N": "5", "W": "12h"}).monitors

    assert monitor.policy.resolve_after == 5
    assert monitor.notify == ("log",)
    assert monitor.schedule.every == timedelta(hours=12)


def test_an_anchor_may_be_used_again() -> None:
    text = SMALL.replace("{from: 2013-01-01, to: 2013-02-01}", "&days {from: 2013-01-01, to: 2013-02-01}")
    second = (
        SMALL[SMALL.index("  - id") :]
        .replace("one", "two")
        .replace("{from: 2013-01-01, to: 2013-02-01}", "*days")
    )

    config = load_text(text + second)

    assert config.monitors[0].reference == config.monitors[1].reference


@pytest.mark.parametrize(
    ("text", "gap"), [("{last: 28d}", 7), ("{last: 28d, gap: 0d}", 0), ("{last: 4w, gap: 2w}", 14)]
)
def test_a_reference_that_rolls_ends_a_season_cycle_before_what_it_judges_unless_it_says_when(
    text: str, gap: int
) -> None:
    (monitor,) = load_text(SMALL.replace("{from: 2013-01-01, to: 2013-02-01}", text), ENVIRONMENT).monitors

    rolling = Rolling(last=timedelta(days=28), gap=timedelta(days=gap))
    assert monitor.reference == ReferenceSpec(rolling=rolling)


def test_a_reference_may_be_all_that_lies_in_files_of_its_own() -> None:
    text = "{source: {kind: files, path: reference.parquet}}"

    (monitor,) = load_text(SMALL.replace("{from: 2013-01-01, to: 2013-02-01}", text), ENVIRONMENT).monitors

    assert (monitor.reference.span, monitor.reference.rolling) == (None, None)
    assert monitor.reference.source == FilesSource(path="reference.parquet")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        SMALL.replace("window: 1d", "window: soon")
        .replace("to: 2013-02-01", "to: never")
        .replace("[log]", "[lgo]")
        .replace("${HOOK_SECRET}", "${NOT_SET}")
    )

    lines = [int(mistake.split(":")[0]) for mistake in list_mistakes(text)]

    assert lines == [5, 11, 12, 13]


def test_a_bad_channel_is_still_known_by_its_name() -> None:
    text = SMALL.replace("${HOOK_SECRET}", "short").replace("[log]", "[hook]")

    (mistake,) = list_mistakes(text)

    assert mistake.startswith("5:69: channels.hook.secret: ")


def test_a_refused_secret_is_not_repeated() -> None:
    text = SMALL.replace("${HOOK_SECRET}", "whsec_canary")

    (mistake,) = list_mistakes(text)

    assert "canary" not in mistake
    assert "whsec_" in mistake


def test_thousands_of_mistakes_are_told_in_a_hundred_lines() -> None:
    text = SMALL + "".join(f"    k{number}: 1\n" for number in range(500))

    mistakes = list_mistakes(text)

    assert len(mistakes) == 101
    assert mistakes[-1].endswith("and 400 more mistakes")


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n"
        for before, name in zip("abcde", "bcdef", strict=True)
    )

    (mistake,) = list_mistakes(bomb)

    assert mistake.endswith("there are more than 100000 values, aliases counted in full")


def test_more_than_fifty_aliases_are_refused() -> None:
    text = with_line("title: &t x") + "".join(f"    k{number}: *t\n" for number in range(51))

    (mistake,) = list_mistakes(text)

    assert mistake == "65:10: there are more than 50 aliases (*name)"


def test_more_than_a_megabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_text(SMALL + "#" * 1_000_000)

    with pytest.raises(ConfigError, match="at most 1000000 are read"):
        load_config(path, ENVIRONMENT)


def test_text_that_is_not_utf_8_is_told_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"^d\.yaml:2:1: this line is not UTF-8 text"):
        parse_config(b"version: 1\nstore: \xff\n", file=Path("d.yaml"), environment={})


def test_a_byte_order_mark_is_no_mistake() -> None:
    config = parse_config(b"\xef\xbb\xbf" + SMALL.encode(), file=Path("d.yaml"), environment=ENVIRONMENT)

    assert len(config.monitors) == 1


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*driftwatch init writes one"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read: is a directory"):
        load_config(tmp_path)


def test_the_environment_of_the_process_fills_in_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "driftwatch.yaml"
    path.write_text(SMALL)
    monkeypatch.setenv("HOOK_SECRET", ENVIRONMENT["HOOK_SECRET"])

    assert load_config(path).monitors[0].id == "one"


def test_a_secret_from_a_file_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text(ENVIRONMENT["HOOK_SECRET"] + "\n")
    file.chmod(0o600)
    config = load_text(SMALL.replace("${HOOK_SECRET}", "${file:hook}"), folder=tmp_path)
    hook = config.channels["hook"]
    assert isinstance(hook, Webhook)
    before = hook.secret.reveal()

    file.write_text(ENVIRONMENT["RETRAIN_SECRET"] + " \n")

    assert before == ENVIRONMENT["HOOK_SECRET"]
    assert hook.secret.reveal().startswith(ENVIRONMENT["RETRAIN_SECRET"])
    assert config.warnings == ()


def test_a_secret_file_that_everybody_can_read_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text(ENVIRONMENT["HOOK_SECRET"])
    file.chmod(0o644)

    config = load_text(SMALL.replace("${HOOK_SECRET}", "${file:hook}"), folder=tmp_path)

    (warning,) = config.warnings
    assert warning.endswith(f":5:69: channels.hook.secret: every user of this machine can read {file}")


def test_a_monitor_that_tells_nobody_is_warned_of() -> None:
    config = load_text(SMALL.replace(NOTIFY, ""))

    assert config.warnings == (
        "/etc/driftwatch.yaml:9:5: monitors[0].notify: names no channel: nobody will be told",
    )


def test_secrets_appear_in_no_text_of_a_configuration() -> None:
    config = load_text(FULL)

    shown = [
        repr(config),
        str(config),
        pprint.pformat(config),
        json.dumps(dataclasses.asdict(config), default=str),
    ]

    assert not any("canary" in text.lower() or "Y2FuYXJ5" in text for text in shown)
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(config)


@pytest.mark.parametrize("bent", ["url", "window", "reference", "frum", "secret: [", "!"])
def test_secrets_appear_in_no_mistake(bent: str) -> None:
    environment = {
        **ENVIRONMENT,
        "HOOK_SECRET": "canary-bad-secret",
        "SLACK_WEBHOOK_URL": "ftp://canary@x/canary",
    }
    mistakes = list_mistakes(FULL.replace(bent, f"{bent}x"), environment)

    assert mistakes
    assert not any("canary" in mistake.lower() for mistake in mistakes)


def test_what_can_call_for_retraining_is_what_retraining_allows() -> None:
    wanted = str(list_settings(RetrainSettings)["when"].type)

    assert all(f"'{kind!s}'" in wanted for kind in ALLOWED_KINDS)
    assert wanted.count("'") == 2 * len(ALLOWED_KINDS)
