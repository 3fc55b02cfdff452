from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, make_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from driftwatch.config.mistakes import Mistakes
from driftwatch.config.reading import BAD, Reader
from driftwatch.config.sections import Choice, Chosen, list_settings
from driftwatch.config.tree import parse_tree
from driftwatch.errors import ConfigError
from driftwatch.net.secrets import Secret


@dataclass(frozen=True, kw_only=True)
class Auth:
    bearer: Secret | None = None


@dataclass(frozen=True, kw_only=True)
class Pager:
    """Settings of a kind that somebody else wrote."""

    url: Secret
    from_: str = "driftwatch"
    level: Literal["low", "high"] = "low"
    retries: int | None = None
    wait: timedelta = timedelta(seconds=5)
    labels: Mapping[str, str] = field(default_factory=dict)
    auth: Auth | None = None
    rooms: str | tuple[str, ...] = ()
    opener: Callable[[], None] = print
    _cache: int = 0

    def __post_init__(self) -> None:
        if self.retries == 13:
            raise ValueError(f"the setting retries of {self.url.reveal()} is 13")


WANTED = "wants a duration, a whole number and a unit such as 90s, 30m, 12h, 1d or 2w"
PAGERS: Mapping[str, type] = {"pager": Pager}
CHOICE = Annotated[Chosen, Choice("channel", lambda: PAGERS)]


def read(text: str, wanted: Any = CHOICE) -> tuple[Any, list[str]]:
    mistakes = Mistakes()
    root = parse_tree(text.encode(), mistakes)
    assert root is not None
    reader = Reader(mistakes=mistakes, environment={"TOKEN": "canary"}, folder=Path("/nowhere"))
    value = reader.read(root, wanted, ("x",))
    return value, [f"{one.place.line}:{one.place.column}: {one.path}: {one.text}" for one in mistakes.found]


def test_a_kind_from_elsewhere_is_read_by_its_fields() -> None:
    value, mistakes = read(
        """
        kind: pager
        url: "https://p.example/${TOKEN}"
        from: me
        level: high
        retries: 3
        wait: 2m
        labels: {team: a, shift: 12:30}
        auth: {bearer: "${TOKEN}"}
        rooms: [a, b]
        """
    )

    assert mistakes == []
    assert value.kind == "pager"
    assert value.value == Pager(
        url=Secret.of_text("https://p.example/canary"),
        from_="me",
        level="high",
        retries=3,
        wait=timedelta(minutes=2),
        labels={"team": "a", "shift": "12:30"},
        auth=Auth(bearer=Secret.of_text("canary")),
        rooms=("a", "b"),
    )


def test_fields_that_hold_code_or_are_private_are_no_settings() -> None:
    assert "opener" not in list_settings(Pager)
    assert "_cache" not in list_settings(Pager)
    assert list_settings(Pager)["from"].field == "from_"


def test_what_a_kind_refuses_is_told_at_the_setting_it_names_without_its_secrets() -> None:
    value, mistakes = read("kind: pager\nurl: ${TOKEN}\nretries: 13\n")

    assert value is BAD
    assert mistakes == ["3:10: x.retries: the setting retries of *** is 13"]


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("retries: many", "3:10: x.retries: wants a whole number, not 'many'"),
        ("labels: {a: [1]}", "3:13: x.labels.a: wants a text, not a list"),
        ("labels: [1]", "3:9: x.labels: wants keys with values, not a list"),
        ("rooms: {a: 1}", "3:8: x.rooms: wants a text or a list in brackets, not keys"),
        ("auth: {bearer: {a: 1}}", "3:16: x.auth.bearer: wants a text, not keys"),
        ("auth: {barer: a}", "3:8: x.auth.barer: is not known to this version (did you mean bearer?)"),
        ("_cache: 1", "3:1: x._cache: is not known to this version"),
        ("wait: a://canary", f"3:7: x.wait: {WANTED}, not this text"),
        ("level: ~", "3:8: x.level: wants low or high, not nothing"),
        ("1: 2", "3:1: x.1: is not known to this version"),
        ('"a b\\n": 2', '3:1: x."a b\\n": is not known to this version'),
    ],
)
def test_values_of_another_kind_are_told_in_words(line: str, mistake: str) -> None:
    _, mistakes = read(f"kind: pager\nurl: x\n{line}\n")

    assert mistakes == [mistake]


def test_a_value_is_shown_as_it_stands_in_the_file() -> None:
    _, mistakes = read("${TOKEN}", int)

    assert mistakes == ["1:1: x: wants a whole number, not '${TOKEN}'"]


def test_a_text_without_quotes_may_be_a_number_where_both_are_wanted() -> None:
    value, mistakes = read('[1, "1", .5, a, 1e999, "${TOKEN}"]', tuple[str | float, ...])

    assert mistakes == []
    assert value == (1.0, "1", 0.5, "a", "1e999", "canary")


def test_a_class_whose_types_cannot_be_found_is_named() -> None:
    strange = make_dataclass("Strange", [("url", "Nowhere")])

    with pytest.raises(ConfigError, match="the settings of Strange have no usable types"):
        list_settings(strange)


@pytest.mark.parametrize(
    ("text", "is_secret"),
    [
        ("plain", False),
        ("https://h/x", False),
        ("postgresql://u:p@h/d", True),
        ("${TOKEN}", True),
        ("${NO:-a}", True),
    ],
)
def test_where_both_are_possible_only_what_may_be_secret_is_one(text: str, is_secret: bool) -> None:
    value, mistakes = read(text, Secret | str)

    assert mistakes == []
    assert isinstance(value, Secret) is is_secret
