"""What a section of the file may hold, told from the fields of its dataclass.

A key is a field, its type the field's, its default the field's. A field that Python cannot name, such as
`from`, has an underscore behind it.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from driftwatch.config.values import VALUES, Key, Moment, Share, Size, Zone
from driftwatch.errors import ConfigError

__all__ = [
    "Choice",
    "Chosen",
    "Setting",
    "describe_type",
    "get_choice",
    "get_members",
    "is_items",
    "is_table",
    "join_words",
    "list_settings",
    "setting",
]


@dataclass(frozen=True, slots=True)
class Choice:
    """Marks a setting whose `kind` chooses one dataclass; `extra` has the keys that every kind shares."""

    noun: str
    load: Callable[[], Mapping[str, type]]
    extra: type | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a catalogue setting was read as: its kind, the value of that kind, and the shared keys."""

    kind: str
    value: Any
    extra: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A key of a section: its type, whether it must be given, and what it is for.

    `default` is `dataclasses.MISSING` where there is none.
    """

    key: str
    field: str
    type: Any
    required: bool
    default: Any
    text: str


def setting(text: str, default: Any = None, *, required: bool = False) -> Any:
    """Return a dataclass field with the words that editors show for it.

    A `required` setting has a default all the same, so that reading goes on after it was found missing.
    """
    return dataclasses.field(default=default, metadata={"text": text, "required": required})


@lru_cache(maxsize=256)
def list_settings(section: type) -> Mapping[str, Setting]:
    """Return the settings of a dataclass by their keys; fields that start with `_` or hold code are none.

    Raises ConfigError when the types of the fields cannot be found out, as may be with somebody else's class.
    """
    try:
        hints = get_type_hints(section, include_extras=True)
    except (NameError, TypeError) as error:
        raise ConfigError(f"the settings of {section.__qualname__} have no usable types: {error}") from None
    return {
        field.name.rstrip("_"): _describe_field(field, hints[field.name])
        for field in dataclasses.fields(section)
        if field.init and not field.name.startswith("_") and get_origin(hints[field.name]) is not Callable
    }


def _describe_field(field: dataclasses.Field[Any], wanted: Any) -> Setting:
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    return Setting(
        key=field.name.rstrip("_"),
        field=field.name,
        type=wanted,
        required=default is dataclasses.MISSING or bool(field.metadata.get("required")),
        default=default,
        text=str(field.metadata.get("text", "")),
    )


def get_choice(wanted: Any) -> Choice | None:
    """Return the catalogue that a type is marked with, or None."""
    if get_origin(wanted) is not Annotated:
        return None
    return next((mark for mark in get_args(wanted)[1:] if isinstance(mark, Choice)), None)


def get_members(wanted: Any) -> tuple[Any, ...]:
    """Return the members of a union, None included; a type that is none is its own only member."""
    return get_args(wanted) if get_origin(wanted) in (Union, types.UnionType) else (wanted,)


def is_items(wanted: Any) -> bool:
    """Return whether the type is read from a list."""
    return get_origin(wanted) in (tuple, frozenset)


def is_table(wanted: Any) -> bool:
    """Return whether the type is read from keys."""
    origin = get_origin(wanted)
    if origin is not None:
        return get_choice(wanted) is not None or (isinstance(origin, type) and issubclass(origin, Mapping))
    return dataclasses.is_dataclass(wanted) and wanted not in VALUES


_WORDS: Final[Mapping[Any, str]] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    timedelta: "a duration such as 30m or 1d",
    Moment: "a date such as 2013-01-31",
    Zone: "a time zone such as Europe/Paris",
    Key: "a name",
    Share: "a share of the rows, 0 to 1",
    Size: "a size such as 512MiB",
    Path: "a path",
}


def describe_type(wanted: Any) -> str:
    """Return in words what a value of the type is.

    >>> describe_type(Literal["all", "none"])
    'all or none'
    """
    if is_items(wanted):
        return "a list in brackets"
    if is_table(wanted):
        section = wanted if isinstance(wanted, type) and dataclasses.is_dataclass(wanted) else None
        keys = ", ".join(list_settings(section)) if section else ""
        return f"keys ({keys})" if keys else "keys with values"
    if get_origin(wanted) is Literal:
        return join_words([str(word) for word in get_args(wanted)])
    return _WORDS.get(wanted, "a text")


def join_words(words: list[str]) -> str:
    """Return the words as a choice: `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
