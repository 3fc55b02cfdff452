from __future__ import annotations

import pytest

from tests.support.config_files import SMALL, list_mistakes

NOTIFY = "    notify: [log]\n"

# What stands in the small configuration, what is put in its place, and how each mistake then begins.
MISTAKES: list[tuple[str, str, list[str]]] = [
    # Keys.
    (
        "window: 1d",
        "windw: 1d",
        [
            "9:5: monitors[0].window: is missing: how much event time is judged at once, such as 1d",
            "11:5: monitors[0].windw: is not known to this version (did you mean window?)",
        ],
    ),
    ("id: one", "id:", ["9:8: monitors[0].id: is missing: the stable key of the monitor"]),
    (
        "window: 1d",
        "window: ~",
        [
            "11:13: monitors[0].window: is missing: how much event time is judged at once, such as 1d",
        ],
    ),
    ("version: 1\n", "", ["1:1: version: is missing: the version of this format: 1"]),
    ("version: 1", "version: 2", ["1:10: version: wants 1, the only version there is, not 2"]),
    ("version: 1", "version: one", ["1:10: version: wants a whole number, not 'one'"]),
    ("version: 1", 'version: "1"', ["1:10: version: wants a whole number without quotes, not '1'"]),
    ("version: 1", "version: 1\nversion: 1", ["2:1: version: is given twice; first in line 1"]),
    ("version: 1", "version: 1\nwebs: {}", ["2:1: webs: is not known to this version"]),
    (NOTIFY, NOTIFY + "    silences: []\n", ["14:5: monitors[0].silences: is not known to this version"]),
    (NOTIFY, NOTIFY + "    reminders: [1d, 5s]\n", ["14:21: monitors[0].reminders[1]: wants at least 1m"]),
    (NOTIFY, NOTIFY + "    reminders: 1d\n", ["14:16: monitors[0].reminders: wants a list in brackets"]),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: psi, limit: 0.2, clear: 0.3}]\n",
        ["14:60: monitors[0].rules[0].clear: wants at least 0 and at most the limit, 0.2, not 0.3"],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: ks, p_value: 0.01, clear: 0.3}]\n",
        ["14:62: monitors[0].rules[0].clear: stands without a limit"],
    ),
    (
        NOTIFY,
        NOTIFY + "    escalation: [{after: 2h, notify: [log]}, {after: 30m, notify: [lgo]}, {notify: []}]\n",
        [
            "14:54: monitors[0].escalation[1].after: wants more than the 2h of the step before",
            "14:68: monitors[0].escalation[1].notify[0]: there is no channel 'lgo'",
            "14:75: monitors[0].escalation[2].after: is missing",
            "14:84: monitors[0].escalation[2].notify: wants at least one channel",
        ],
    ),
    (
        "table: t,",
        "tabel: t,",
        [
            "10:13: monitors[0].source: table or query: give one of them",
            "10:48: monitors[0].source.tabel: is not known to this version (did you mean table?)",
        ],
    ),
    (
        "time_column: at",
        "time_colum: at",
        [
            "10:13: monitors[0].source.time_column: is missing: the column with the time of a row",
            "10:58: monitors[0].source.time_colum: is not known to this version (did you mean time_column?)",
        ],
    ),
    # Shapes.
    ("[log]", "log", ["13:13: monitors[0].notify: wants a list in brackets, not a single value"]),
    ("[log]", "{log: 1}", ["13:13: monitors[0].notify: wants a list in brackets, not keys"]),
    ("[log]", "", ["13:12: monitors[0].notify: wants a list in brackets, not nothing"]),
    ("  - id: one", "  - one\n  - id: one", ["9:5: monitors[0]: wants keys"]),
    ('{url: "sqlite:///s.db"}', '"sqlite:///s.db"', ["2:8: store: wants keys (url), not a single value"]),
    ("id: one", "id: [one]", ["9:9: monitors[0].id: wants a name, not a list"]),
    ("id: one", "id: a b", ["9:9: monitors[0].id: wants a name of letters, digits, '.', '_' and '-'"]),
    # Values.
    (
        "window: 1d",
        "window: soon",
        [
            (
                "11:13: monitors[0].window: wants a duration, a whole number and a unit such as 90s, 30m, "
                "12h, 1d or 2w, not 'soon'"
            ),
        ],
    ),
    ("window: 1d", "window: 1.5d", ["11:13: monitors[0].window: wants a duration"]),
    ("window: 1d", "window: 30s", ["11:13: monitors[0].window: a window is between 1m and 3650d long"]),
    ("window: 1d", "window: 9999w", ["11:13: monitors[0].window: wants at most 3650d, not '9999w'"]),
    (
        "window: 1d",
        'window: {cron: "0 6 * *"}',
        [
            "11:13: monitors[0].window: cron has five fields (minute hour day month weekday), '0 6 ",
        ],
    ),
    (
        "window: 1d",
        'window: {cron: "0 25 * * *"}',
        [
            "11:13: monitors[0].window: bad hour in the cron fields '0 25 * * *'",
        ],
    ),
    (
        "window: 1d",
        'window: {cron: "0 6 * * *", timezone: Mars}',
        [
            "11:43: monitors[0].window.timezone: wants a time zone such as UTC or Europe/Paris, not 'Mars'",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    timezone: Europe/Pariss\n",
        [
            (
                "14:15: monitors[0].timezone: wants a time zone such as UTC or Europe/Paris, "
                "not 'Europe/Pariss' (did you mean Europe/Paris?)"
            ),
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    timezone: europe/paris\n",
        [
            (
                "14:15: monitors[0].timezone: wants a time zone such as UTC or Europe/Paris, "
                "not 'europe/paris' (did you mean Europe/Paris?)"
            ),
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    timezone: New York\n",
        [
            (
                "14:15: monitors[0].timezone: wants a time zone such as UTC or Europe/Paris, not 'New York' "
                "(did you mean America/New_York?)"
            ),
        ],
    ),
    (NOTIFY, NOTIFY + "    timezone: ../../etc/passwd\n", ["14:15: monitors[0].timezone: wants a time zone"]),
    (NOTIFY, NOTIFY + "    delay: -5m\n", ["14:12: monitors[0].delay: wants a duration"]),
    (
        NOTIFY,
        NOTIFY + "    catch_up: {policy: newest}\n",
        [
            "14:24: monitors[0].catch_up.policy: wants all, latest or none, not 'newest'",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    catch_up: {at_most: 0}\n",
        ["14:25: monitors[0].catch_up.at_most: at_most wants at least 1"],
    ),
    (
        NOTIFY,
        NOTIFY + "    columns: {kinds: {zip: text}}\n",
        [
            "14:28: monitors[0].columns.kinds.zip: wants number, category, boolean or time, not 'text'",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    columns: {include: [a, b], exclude: [b]}\n",
        [
            "14:42: monitors[0].columns.exclude[0]: 'b' stands under include too",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    columns: {include: []}\n",
        [
            "14:24: monitors[0].columns.include: names no column, so that nothing would be judged",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    patience: 0\n",
        ["14:15: monitors[0].patience: wants 1 ≤ k ≤ of, not k = 0, of = 0"],
    ),
    (
        NOTIFY,
        NOTIFY + "    patience: {k: 3, of: 2}\n",
        [
            "14:15: monitors[0].patience: wants 1 ≤ k ≤ of, not k = 3, of = 2",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    patience: {k: 3}\n",
        ["14:15: monitors[0].patience.of: is missing: among this many windows"],
    ),
    (
        NOTIFY,
        NOTIFY + "    resolve_after: 0\n",
        ["14:20: monitors[0].resolve_after: wants at least 1 window, not 0"],
    ),
    (
        NOTIFY,
        NOTIFY + "    minimum_effect: 2 %\n",
        [
            "14:21: monitors[0].minimum_effect: wants a share of the rows, from 0 to below 1, not '2 %'",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    minimum_effect: 1\n",
        [
            "14:21: monitors[0].minimum_effect: wants a share of the rows, from 0 to below 1, not '1'",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    freshness: {warn_after: 6h, page_after: 2h}\n",
        [
            "14:45: monitors[0].freshness.page_after: must not be shorter than warn_after",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    ages: {model: 90d}\n",
        [
            "14:19: monitors[0].ages.model: needs model.trained_at, the day the model was trained",
        ],
    ),
    # Reference.
    (
        "to: 2013-02-01",
        "to: 2013-01-01",
        ["12:39: monitors[0].reference.to: must be after from; it is exclusive"],
    ),
    (
        "to: 2013-02-01",
        "to: 2013-02-30",
        [
            (
                "12:39: monitors[0].reference.to: wants a date such as 2013-01-31, or a time such as "
                "2013-01-31T06:00Z; there is no such day or time, not '2013-02-30'"
            ),
        ],
    ),
    ("to: 2013-02-01", "to: yesterday", ["12:39: monitors[0].reference.to: wants a date such as 2013-01-31"]),
    (
        "to: 2013-02-01",
        "to: 2013-01-01T12:00",
        [
            "12:39: monitors[0].reference.to: leaves no whole window of 1d in the reference; widen",
        ],
    ),
    (
        "to: 2013-02-01}",
        "to: 2013-02-01, except: [{from: 2013-03-01, to: 2013-03-02, why: x}]}",
        [
            "12:60: monitors[0].reference.except[0]: lies outside the reference and leaves nothing out",
        ],
    ),
    (
        "to: 2013-02-01}",
        "to: 2013-02-01, except: [{from: 2013-01-05, to: 2013-01-04, why: x}]}",
        [
            "12:83: monitors[0].reference.except[0].to: must be after from; it is exclusive",
        ],
    ),
    (
        "to: 2013-02-01}",
        "to: 2013-02-01, except: [{from: 2013-01-05, to: 2013-01-06}]}",
        [
            "12:60: monitors[0].reference.except[0].why: is missing: why it is left out",
        ],
    ),
    (
        "from: 2013-01-01, to: 2013-02-01",
        "from: 2013-01-01",
        ["12:16: monitors[0].reference.to: is missing: the end of the reference, exclusive"],
    ),
    (
        "{from: 2013-01-01, to: 2013-02-01}",
        "{except: []}",
        [
            "12:16: monitors[0].reference.from: is missing: the first day of the reference",
            "12:16: monitors[0].reference.to: is missing: the end of the reference, exclusive",
        ],
    ),
    (
        "{from: 2013-01-01, to: 2013-02-01}",
        "{source: {kind: files, path: a.csv, time_column: at}}",
        [
            "12:16: monitors[0].reference.from: is missing: the first day of the reference",
            "12:16: monitors[0].reference.to: is missing: the end of the reference, exclusive",
        ],
    ),
    (
        "to: 2013-02-01",
        "to: 2013-02-01, gap: 7d",
        ["12:56: monitors[0].reference.gap: goes with last"],
    ),
    (
        "to: 2013-02-01",
        "last: 28d",
        ["12:16: monitors[0].reference.to: is missing: the end of the reference, exclusive"],
    ),
    (
        "to: 2013-02-01}",
        "to: 2013-02-01, last: 12h}",
        ["12:57: monitors[0].reference.last: holds no whole window of 1d; widen the reference"],
    ),
    (
        "to: 2013-02-01}",
        "to: 2013-02-01, last: 28d}\n    rules: [{column: a, statistic: psi, limit: 0.2}]",
        ["12:57: monitors[0].reference.last: judges beside a pinned reference by the false-alarm budget"],
    ),
    (
        "from: 2013-01-01, to: 2013-02-01",
        "last: 12h",
        ["12:23: monitors[0].reference.last: holds no whole window of 1d; widen the reference"],
    ),
    # Names of other things.
    (
        "[log]",
        "[lgo]",
        ["13:14: monitors[0].notify[0]: there is no channel 'lgo'; there are log, hook (did you mean log?)"],
    ),
    ("[log]", "[log, log]", ["13:19: monitors[0].notify[1]: names log a second time"]),
    (
        "{kind: log}",
        "{kind: log, fallback: hok}",
        [
            "4:30: channels.log.fallback: there is no channel 'hok'; there are log, hook (did you",
        ],
    ),
    ("{kind: log}", "{kind: log, fallback: log}", ["4:30: channels.log.fallback: leads back to log"]),
    (
        "{kind: log}",
        "{kind: lgo}",
        ["4:15: channels.log.kind: there is no channel of this kind; there are log, slack, webhook"],
    ),
    ("{kind: log}", "{}", ["4:8: channels.log.kind: is missing; one of log, slack, webhook"]),
    (
        NOTIFY,
        NOTIFY + "    retrain: {trigger: cj}\n",
        [
            "14:24: monitors[0].retrain.trigger: there is no trigger 'cj'; there are ci",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    retrain: {trigger: ci, when: [performance]}\n",
        [
            "14:35: monitors[0].retrain.when[0]: wants drift or stale, not 'performance'",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    retrain: {trigger: ci, when: []}\n",
        [
            "14:34: monitors[0].retrain.when: wants at least one kind of incident: drift or stale",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    retrain: {trigger: ci, after: 0}\n",
        [
            "14:35: monitors[0].retrain.after: wants at least 1 window, not 0",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    retrain: {when: [drift]}\n",
        [
            "14:14: monitors[0].retrain.trigger: is missing: the trigger to start",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: kss, limit: 1}]\n",
        [
            "14:36: monitors[0].rules[0].statistic: there is no statistic 'kss'; there are chi_square, ",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: ks, limit: 1.5}]\n",
        [
            "14:47: monitors[0].rules[0].limit: wants at least 0 and below 1, its greatest value, not 1.5",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: psi, limit: -1}]\n",
        [
            "14:48: monitors[0].rules[0].limit: wants at least 0, not -1",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: psi, limit: .nan}]\n",
        [
            "14:48: monitors[0].rules[0].limit: wants a number, not '.nan'",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: ks}]\n",
        [
            "14:13: monitors[0].rules[0]: wants a limit, or a p_value in place of it, for ks",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: ks, limit: 0.1, p_value: 0.01}]\n",
        [
            "14:61: monitors[0].rules[0].p_value: stands beside limit; a rule has one of the two",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: ks, limt: 0.1}]\n",
        [
            "14:40: monitors[0].rules[0].limt: is not known to this version (did you mean limit?)",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: ks, p_value: 0.0009}]\n",
        [
            "14:49: monitors[0].rules[0].p_value: wants at least 0.001, the smallest that 10,000 ",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: ks, p_value: 1}]\n",
        [
            "14:49: monitors[0].rules[0].p_value: wants at least 0.001, ",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: wasserstein, p_value: 0.01}]\n",
        [
            "14:58: monitors[0].rules[0].p_value: wasserstein has a limit but no p-value; p-values have ",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: a, statistic: volume, limit: 0.5}]\n",
        [
            "14:22: monitors[0].rules[0].column: volume is of the window as a whole: write column: ",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + '    rules: [{column: "*", statistic: repeated_share, limit: 0.5}]\n',
        [
            "14:38: monitors[0].rules[0].statistic: repeated_share needs `key`, the columns that make ",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    rules: [{column: at, statistic: psi, limit: 1}]\n",
        [
            "14:22: monitors[0].rules[0].column: 'at' is not judged: it is the time column",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + "    key: [id]\n    rules: [{column: id, statistic: psi, limit: 1}]\n",
        [
            "15:22: monitors[0].rules[0].column: 'id' is not judged: it is a key column",
        ],
    ),
    (
        NOTIFY,
        NOTIFY + SMALL[SMALL.index("  - id") :],
        [
            "14:9: monitors[1].id: is the id of monitors[0] too; every monitor needs its own",
        ],
    ),
    (
        "time_column: at",
        "timeout: 1m",
        [
            "10:13: monitors[0].source.time_column: is missing: the column with the time of a row",
        ],
    ),
    # Secrets and variables.
    (
        "${HOOK_SECRET}",
        "${NOT_SET}",
        [
            "5:69: channels.hook.secret: the variable NOT_SET is not set; set it, or write ${NOT_SET",
        ],
    ),
    (
        "${HOOK_SECRET}",
        "${file:nowhere}",
        [
            "5:69: channels.hook.secret: the secret in the file /etc/nowhere cannot be read: no such file",
        ],
    ),
    (
        "${HOOK_SECRET}",
        "${HOOK-SECRET}",
        [
            (
                "5:69: channels.hook.secret: a ${ has no end or no proper name; write ${NAME}, "
                "${NAME:-default} or ${file:/path}; a literal ${ is written $${"
            ),
        ],
    ),
    ('"${HOOK_SECRET}"', "''", ["5:69: channels.hook.secret: wants a text, and is empty"]),
    # The file as a whole.
    (SMALL, "", ["1:1: the file is empty; driftwatch init writes one to start from"]),
    (SMALL, "# nothing\n", ["1:1: the file is empty"]),
    (
        SMALL,
        "- a\n- b\n",
        ["1:1: wants keys (version, instance, store, web, channels, tri"],
    ),
    (SMALL, "a: b: c\n", ["1:5: this is not YAML: mapping values are not allowed"]),
    (SMALL, 'a: "open\n', ["2:1: this is not YAML: found unexpected end of stream"]),
    (SMALL, "a: 1\n---\nb: 2\n", ["2:1: a second document starts here; one file is one document"]),
    (SMALL, "a: \x07\n", ["1:4: a control character stands here; remove it"]),
    ("id: one", "id: !python/object:os.system x", ["9:9: a tag stands here"]),
    ("id: one", "id: *one", ["9:9: no anchor (&name) of this name stands above"]),
    ("id: one", "id: &a [*a]", ["9:13: no anchor (&name) of this name stands above"]),
    ("id: one", "[id]: one", ["9:5: monitors[0]: a key is one word, not a list or keys"]),
    ("id: one", "id: " + "[" * 20 + "]" * 20, ["9:26: this is nested more than 20 levels deep"]),
]


@pytest.mark.parametrize(("found", "bent", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_place(found: str, bent: str, expected: list[str]) -> None:
    assert found in SMALL

    mistakes = list_mistakes(SMALL.replace(found, bent, 1))

    assert [mistake[: len(start)] for mistake, start in zip(mistakes, expected, strict=False)] == expected


def test_one_mistake_gives_one_line_and_no_others() -> None:
    for found, bent, expected in MISTAKES:
        if bent.startswith("[id]") or "- one\n" in bent:
            continue  # A key that cannot be read is a missing key too.
        assert len(list_mistakes(SMALL.replace(found, bent, 1))) == len(expected), bent


def test_a_name_with_a_line_separator_in_it_makes_one_line_of_one_mistake() -> None:
    (told,) = list_mistakes(SMALL.replace("{kind: log}", "{kind: log, a\u2028b}"))

    assert told.startswith('4:20: channels.log."a\\u2028b": is not known to this version')


@pytest.mark.parametrize(
    "bent",
    [
        "notify: ['${HOOK_SECRET}']",
        "notify: ['x${HOOK_SECRET}y']",
        "notify: [log]\n    title: x\n    timezone: ${HOOK_SECRET}",
        "notify: [log]\n    rules: [{column: a, statistic: '${HOOK_SECRET}', limit: 1}]",
    ],
)
def test_what_a_variable_holds_is_shown_in_no_mistake_wherever_it_stands(bent: str) -> None:
    (mistake,) = list_mistakes(SMALL.replace("notify: [log]", bent))

    assert "Y2FuYXJ5" not in mistake


def test_a_weight_that_cannot_be_read_is_one_mistake() -> None:
    (mistake,) = list_mistakes(SMALL.replace(NOTIFY, f"{NOTIFY}    columns: {{importance: {{a: much}}}}\n"))

    assert mistake == "14:31: monitors[0].columns.importance.a: wants a number, not 'much'"


@pytest.mark.parametrize("timezone", ["Europe/Paris" * 1000, "a/" * 3000])
def test_a_mistake_of_any_length_is_one_line_of_moderate_length(timezone: str) -> None:
    (mistake,) = list_mistakes(SMALL.replace(NOTIFY, f"{NOTIFY}    timezone: {timezone}\n"))

    assert "wants a time zone such as UTC or Europe/Paris" in mistake
    assert len(mistake) < 300


def test_a_long_name_is_shown_in_part() -> None:
    (mistake,) = list_mistakes(SMALL.replace("notify: [log]", f"notify: [{'x' * 50_000}]"))

    assert mistake.startswith("13:14: monitors[0].notify[0]: there is no channel 'xxx")
    assert mistake.endswith("there are log, hook")
    assert len(mistake) < 2100
