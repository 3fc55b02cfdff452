from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from driftwatch.net.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    def send(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    def send(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    pass


class Plain:
    def send(self) -> None: ...


def build_catalogue(**values: str) -> tuple[Catalogue[type[Any]], list[str]]:
    asked: list[str] = []

    def find(group: str) -> list[EntryPoint]:
        asked.append(group)
        return [EntryPoint(name=name, value=value, group=group) for name, value in values.items()]

    return Catalogue("a.group", "send", {"ours": Ours}, find), asked


def test_our_own_kinds_are_found_without_looking_at_other_packages() -> None:
    catalogue, asked = build_catalogue(theirs=f"{__name__}:Theirs")

    assert catalogue["ours"] is Ours
    assert "ours" in catalogue
    assert asked == []


def test_kinds_of_other_packages_are_found_after_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue, asked = build_catalogue(theirs="tests_theirs:Theirs")
    monkeypatch.setitem(__import__("sys").modules, "tests_theirs", _build_module(Theirs=Theirs))

    assert list(catalogue) == ["ours", "theirs"]
    assert catalogue["theirs"] is Theirs
    assert len(catalogue) == 2
    assert catalogue.broken == {}
    assert asked == ["a.group"]


def _build_module(**values: Any) -> Any:
    return type("Module", (), values)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        pytest.param("theirs", "no_such_module:Theirs", "ModuleNotFoundError", id="no module"),
        pytest.param("theirs", "tests_theirs:Missing", "AttributeError", id="no such object"),
        pytest.param("theirs", "tests_theirs:Plain", "dataclass", id="no dataclass"),
        pytest.param("theirs", "tests_theirs:Silent", "method send", id="no method"),
        pytest.param("theirs", "tests_theirs:instance", "dataclass", id="no class"),
        pytest.param("ours", "tests_theirs:Theirs", "built-in", id="a name of ours"),
    ],
)
def test_a_broken_kind_is_told_of_and_stops_nothing(
    name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    module = _build_module(Plain=Plain, Silent=Silent, Theirs=Theirs, instance=Theirs())
    monkeypatch.setitem(__import__("sys").modules, "tests_theirs", module)
    catalogue, _ = build_catalogue(**{name: value})

    with caplog.at_level(logging.WARNING):
        names = list(catalogue)

    assert names == ["ours"]
    assert reason in catalogue.broken[name]
    assert reason in caplog.text
    assert catalogue["ours"] is Ours


def test_an_unknown_kind_is_a_key_error() -> None:
    catalogue, _ = build_catalogue()

    with pytest.raises(KeyError):
        catalogue["nobody"]


def test_a_package_that_exits_while_it_is_loaded_still_exits() -> None:
    class Exiting(EntryPoint):
        def load(self) -> Any:
            raise SystemExit(3)

    find: Callable[[str], list[EntryPoint]] = lambda group: [  # noqa: E731 - one line says it.
        Exiting(name="theirs", value="a:b", group=group)
    ]

    with pytest.raises(SystemExit):
        list(Catalogue("a.group", "send", {"ours": Ours}, find))
