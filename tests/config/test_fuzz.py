from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftwatch.config import ConfigMistakesError, parse_config
from tests.support.config_files import ENVIRONMENT, FULL, SMALL


def check_outcome(content: bytes) -> None:
    """Load `content`: anything but a configuration or well-formed mistakes fails the test."""
    try:
        parse_config(content, file=Path("fuzz.yaml"), environment=ENVIRONMENT)
    except ConfigMistakesError as error:
        told = error
    else:
        return
    assert told.mistakes
    assert all(re.match(r"fuzz\.yaml:\d+:\d+: |fuzz\.yaml: and ", line) for line in str(told).splitlines())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"\xef\xbb\xbf")
@example(b"%YAML 1.1\n--- !!map\n? - a\n: b")
@settings(deadline=None)
def test_any_bytes_give_a_configuration_or_mistakes(content: bytes) -> None:
    check_outcome(content)


SCRAPS = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "-",
        "'",
        '"',
        "\n",
        "    ",
        "&a ",
        "*a",
        "!!str ",
        "|",
        ">",
        "#",
        "? ",
        "<<: ",
        "null",
        "~",
        "no",
        "12:30",
        "017",
        "-1",
        "1e999",
        "9" * 30,
        "1d",
        "0 6 * * *",
        "${X}",
        "${file:/}",
        "$${",
        "\t",
        "${HOOK_SECRET}",
        "kind: sql",
        "{}",
        "[[]]",
        "\u2028",
        "\ufeff",
        "é",
        "\U0001f600",
        "0001-01-01",
        "9999-12-31",
    ]
)


@given(
    st.sampled_from([SMALL, FULL]),
    st.lists(st.tuples(st.integers(0, 2500), st.integers(0, 12), SCRAPS), max_size=6),
)
@settings(deadline=None, max_examples=300)
def test_a_damaged_configuration_gives_a_configuration_or_mistakes(
    text: str, damages: list[tuple[int, int, str]]
) -> None:
    for place, length, scrap in damages:
        text = text[:place] + scrap + text[place + length :]

    check_outcome(text.encode())


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    SCRAPS,
    st.sampled_from(["log", "one"]),
)
KEYS = st.sampled_from(
    [
        "version",
        "store",
        "url",
        "channels",
        "monitors",
        "id",
        "kind",
        "source",
        "window",
        "cron",
        "reference",
        "from",
        "to",
        "except",
        "rules",
        "column",
        "columns",
        "include",
        "kinds",
        "notify",
        "model",
        "patience",
        "k",
        "of",
        "when",
        "retrain",
        "missing",
        "key",
        "ages",
        "freshness",
        "catch_up",
        "at_most",
        "time_column",
        "timezone",
        "params",
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(
    TREES,
    st.sampled_from(["monitors", "channels", "source", "reference", "window", "rules", "notify", "store"]),
)
@settings(deadline=None, max_examples=300)
def test_any_tree_in_any_place_gives_a_configuration_or_mistakes(tree: object, place: str) -> None:
    # Every JSON text is YAML, but for surrogates and letters that YAML wants escaped.
    whole: dict[str, object] = {
        "version": 1,
        "store": {"url": "sqlite:///s.db"},
        "channels": {"log": {"kind": "log"}},
    }
    monitor: dict[str, object] = {
        "id": "one", "window": "1d", "notify": ["log"],
        "source": {"kind": "sql", "url": "sqlite:///d.db", "table": "t", "time_column": "at"},
        "reference": {"from": "2013-01-01", "to": "2013-02-01"},
    }  # fmt: skip
    whole["monitors"] = [monitor]
    (whole if place in ("monitors", "channels", "store") else monitor)[place] = tree

    check_outcome(json.dumps(whole).encode())
