from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from driftwatch.channels import CHANNELS
from driftwatch.config import StarterFacts, build_schema, write_starter
from driftwatch.config.mistakes import Mistakes
from driftwatch.config.sections import list_settings
from driftwatch.config.settings import FileSettings, MonitorSettings
from driftwatch.config.tree import Items, Node, Scalar, parse_tree
from driftwatch.sources import SOURCES
from driftwatch.statistics import entries
from driftwatch.triggers import TRIGGERS
from tests.support.config_files import FULL, SMALL

SCHEMA = build_schema()
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
KNOWN = {
    "$schema",
    "title",
    "description",
    "default",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "uniqueItems",
    "enum",
    "const",
    "pattern",
    "minLength",
    "minimum",
    "exclusiveMaximum",
    "anyOf",
    "oneOf",
    "propertyNames",
}


def read_as_editors_do(text: str) -> Any:
    """Return the document as YAML 1.2 types it, variables left as text."""
    root = parse_tree(text.encode(), Mistakes())
    assert root is not None
    return _type(root)


def _type(node: Node) -> Any:
    if isinstance(node, Items):
        return [_type(item) for item in node.items]
    if not isinstance(node, Scalar):
        return {key.text: _type(value) for key, value in node.entries}
    if not node.plain:
        return node.text
    words = {"": None, "~": None, "null": None, "true": True, "false": False}
    if node.text in words:
        return words[node.text]
    is_number = re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", node.text)
    return json.loads(node.text) if is_number else node.text


def list_faults(value: Any, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield the paths at which `value` does not fit: the part of JSON Schema draft 7 that we use."""
    assert schema.keys() <= KNOWN
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    is_bool = isinstance(value, bool)
    if names and not any(
        isinstance(value, TYPES[name]) and (name == "boolean" or not is_bool) for name in names
    ):
        yield path
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        yield path
    for word, wanted in (("anyOf", range(1, 99)), ("oneOf", range(1, 2))):
        if word in schema:
            fitting = sum(1 for one in schema[word] if not list(list_faults(value, one, path)))
            if fitting not in wanted:
                yield path
    yield from _list_faults_by_type(value, schema, path)


def _list_faults_by_type(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _list_faults_of_keys(value, schema, path)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from list_faults(item, schema.get("items", {}), f"{path}[{place}]")
    elif isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value) or len(value) < schema.get("minLength", 0):
            yield path
    elif value is not None and not schema.get("minimum", value) <= value < schema.get(
        "exclusiveMaximum", 1e9
    ):
        yield path


def _list_faults_of_keys(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}.{name}" for name in schema.get("required", []) if name not in value)
    others = schema.get("additionalProperties", True)
    for name, inner in value.items():
        wanted = schema.get("properties", {}).get(name, others)
        if wanted is False:
            yield f"{path}.{name}"
        elif wanted is not True:
            yield from list_faults(inner, wanted, f"{path}.{name}")


@pytest.mark.parametrize("text", [SMALL, FULL])
def test_configurations_that_load_fit_the_schema(text: str) -> None:
    assert list(list_faults(read_as_editors_do(text), SCHEMA)) == []


def test_the_starter_fits_the_schema() -> None:
    facts = StarterFacts(
        id="a", path="x.csv", time_column=("d", "h"), window=timedelta(hours=1), key=("2013", "no"),
        reference_from=datetime(2024, 1, 1, tzinfo=UTC), reference_to=datetime(2024, 2, 1, tzinfo=UTC),
    )  # fmt: skip

    assert list(list_faults(read_as_editors_do(write_starter(facts)), SCHEMA)) == []


@pytest.mark.parametrize(
    "line",
    [
        "patience: {k: 2, of: 3}",
        'patience: "${K}"',
        'window: {cron: "0 6 * * 1-5", timezone: Europe/Paris}',
        'missing: [-200, "NA", no]',
        "columns: {include: [2013, no]}",
        "freshness: {warn_after: ~, page_after: 6h}",
        'reference: {from: 2013-01-01T06:00Z, to: "${END}"}',
        "reference: {last: 28d, gap: 7d}",
        "reference: {source: {kind: files, path: reference.parquet}}",
        "source: {kind: files, path: [a.csv, b.csv], time_column: {column: [d, h], timezone: UTC}}",
    ],
)
def test_other_forms_fit_the_schema_too(line: str) -> None:
    text = FULL.replace("window: 1d ", "", 1) if line.startswith("window") else FULL
    document = read_as_editors_do(text)
    document["monitors"][0].update(read_as_editors_do(line))

    assert list(list_faults(document, SCHEMA)) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("windw: 1d", ".monitors[0].windw"),
        ("window: 1.5d", ".monitors[0].window"),
        ("window: 1", ".monitors[0].window"),
        ("notify: log", ".monitors[0].notify"),
        ("id: a b", ".monitors[0].id"),
        ("patience: two", ".monitors[0].patience"),
        ("minimum_effect: 2", ".monitors[0].minimum_effect"),
        ("reference: {from: 2013-01-01, last: [28d]}", ".monitors[0].reference"),
        ("rules: [{column: a, statistic: kss, limit: 1}]", ".monitors[0].rules[0].statistic"),
        ("source: {kind: sqll, url: x}", ".monitors[0].source"),
        ("source: {kind: files, path: a.csv, paht: b.csv}", ".monitors[0].source"),
        ("retrain: {trigger: ci, when: [performance]}", ".monitors[0].retrain"),
        ("catch_up: {policy: newest}", ".monitors[0].catch_up"),
        ("silences: []", ".monitors[0].silences"),
    ],
)
def test_mistakes_do_not_fit_the_schema(line: str, fault: str) -> None:
    document = read_as_editors_do(FULL)
    document["monitors"][0].update(read_as_editors_do(line))

    assert fault in list(list_faults(document, SCHEMA))


def test_every_key_of_the_file_is_offered_with_words() -> None:
    monitor = SCHEMA["properties"]["monitors"]["items"]["properties"]

    assert set(SCHEMA["properties"]) == set(list_settings(FileSettings))
    assert set(monitor) == set(list_settings(MonitorSettings))
    assert all(described["description"] for described in monitor.values())


def test_every_kind_and_statistic_is_offered() -> None:
    monitor = SCHEMA["properties"]["monitors"]["items"]["properties"]
    channels = SCHEMA["properties"]["channels"]["anyOf"][0]["additionalProperties"]
    triggers = SCHEMA["properties"]["triggers"]["anyOf"][0]["additionalProperties"]
    statistic = monitor["rules"]["items"]["properties"]["statistic"]["anyOf"][0]

    assert monitor["source"]["anyOf"][0]["properties"]["kind"]["enum"] == list(SOURCES)
    assert channels["properties"]["kind"]["enum"] == list(CHANNELS)
    assert triggers["properties"]["kind"]["enum"] == list(TRIGGERS)
    assert statistic["enum"] == [entry.name for entry in entries()]


def test_defaults_are_written_as_users_write_them() -> None:
    monitor = SCHEMA["properties"]["monitors"]["items"]["properties"]

    assert monitor["delay"]["default"] == "0s"
    assert monitor["resolve_after"]["default"] == 3
    assert monitor["retrain"]["anyOf"][0]["properties"]["cooldown"]["default"] == "1w"
    assert "default" not in monitor["id"]


def test_the_schema_holds_nothing_but_json() -> None:
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA
    assert "PosixPath" not in str(SCHEMA)
    assert str(Path.cwd()) not in str(SCHEMA)
