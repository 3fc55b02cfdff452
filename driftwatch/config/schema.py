"""The JSON Schema of the configuration, for editors that complete and check it.

It is made of the same dataclasses that the file is read into. Every value may hold `${…}`, so a number or
a choice may also be a text with a variable in it; what only the reading can tell is left to `validate`.
"""

from __future__ import annotations

import dataclasses
import types
from datetime import timedelta
from typing import Any, Final, Literal, get_args, get_origin

from driftwatch.config.sections import (
    Choice,
    Setting,
    get_choice,
    get_members,
    is_items,
    is_table,
    list_settings,
)
from driftwatch.config.settings import FileSettings, RuleSettings
from driftwatch.config.values import DURATION, SIZE, Key, Moment, Share, Size, Zone, format_duration
from driftwatch.config.variables import VARIABLE
from driftwatch.net.secrets import Secret
from driftwatch.statistics import entries

__all__ = ["build_schema"]

_VARIABLE: Final = {"type": "string", "pattern": VARIABLE}
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def build_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 7, which editors know best) of a configuration file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "driftwatch configuration",
        **_describe_section(FileSettings),
    }


def _describe_section(section: type, also: type | None = None, kind: str | None = None) -> dict[str, Any]:
    settings = {**list_settings(section), **(list_settings(also) if also else {})}
    properties: dict[str, Any] = {"kind": {"const": kind}} if kind else {}
    properties.update({key: _describe_setting(one, section) for key, one in settings.items()})
    required = [key for key, one in settings.items() if one.required]
    return {
        "type": "object",
        "description": _find_words(section),
        "properties": properties,
        "required": ["kind", *required] if kind else required,
        "additionalProperties": False,
    }


def _find_words(section: type) -> str:
    words = (section.__doc__ or "").strip()
    # A dataclass without words of its own shows its signature.
    return "" if words.startswith(f"{section.__name__}(") else words.partition("\n")[0]


def _describe_setting(setting: Setting, section: type) -> dict[str, Any]:
    described = _describe_type(setting.type)
    if section is RuleSettings and setting.key == "statistic":
        described = {"anyOf": [{"enum": [entry.name for entry in entries()]}, _VARIABLE]}
    if setting.text:
        described["description"] = setting.text
    default = _show_default(setting)
    return described if default is None else {**described, "default": default}


def _show_default(setting: Setting) -> Any:
    default = setting.default
    if setting.required or default is None or default is dataclasses.MISSING:
        return None
    if isinstance(default, timedelta):
        return format_duration(default)
    if isinstance(default, tuple) and all(isinstance(one, timedelta) for one in default):
        return [format_duration(one) for one in default] or None
    if isinstance(default, tuple | frozenset):
        return sorted(str(one) for one in default) or None
    return default if isinstance(default, bool | int | float | str) else None


def _describe_type(wanted: Any) -> dict[str, Any]:
    members = get_members(wanted)
    if len(members) > 1:
        described = [_describe_type(one) for one in members if one is not types.NoneType]
        if types.NoneType in members:
            described.append({"type": "null"})
        return {"anyOf": described}
    if is_items(wanted):
        unique = {"uniqueItems": True} if get_origin(wanted) is frozenset else {}
        return {"type": "array", "items": _describe_type(get_args(wanted)[0]), **unique}
    return _describe_table(wanted) if is_table(wanted) else _describe_value(wanted)


def _describe_table(wanted: Any) -> dict[str, Any]:
    choice = get_choice(wanted)
    if choice is not None:
        return _describe_choice(choice)
    if isinstance(wanted, type) and dataclasses.is_dataclass(wanted):
        return _describe_section(wanted)
    key, value = get_args(wanted)
    names = {"propertyNames": _describe_value(key)} if key is Key else {}
    return {"type": "object", "additionalProperties": _describe_type(value), **names}


def _describe_choice(choice: Choice) -> dict[str, Any]:
    kinds = choice.load()
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(kinds)}},
        "oneOf": [_describe_section(section, choice.extra, kind) for kind, section in kinds.items()],
    }


def _describe_value(wanted: Any) -> dict[str, Any]:
    if get_origin(wanted) is Literal:
        return {"anyOf": [{"enum": list(get_args(wanted))}, _VARIABLE]}
    if wanted in _NUMBERS:
        return {"anyOf": [dict(_NUMBERS[wanted]), _VARIABLE]}
    if wanted in _PATTERNS:
        return {"type": "string", "pattern": rf"^({_PATTERNS[wanted]})$|\$\{{"}
    if wanted is Secret or wanted is Zone:
        return {"type": "string", "minLength": 1}
    # A name that looks like a number or a date needs no quotes: it stays text.
    return {"type": ["string", "number", "boolean"]}


_NUMBERS: Final[dict[Any, dict[str, Any]]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Share: {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
}
_PATTERNS: Final[dict[Any, str]] = {
    timedelta: DURATION,
    Size: SIZE,
    Moment: rf"{_DAY}([T ].*)?",
    Key: r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
}
