"""How texts, numbers and JSON are kept so that three databases give back the same."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from sqlalchemy import Double, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

__all__ = ["ExactText", "FiniteDouble", "JsonText", "clean_json", "collect_words", "dump_json"]

# TEXT holds 64 KB on MariaDB.
_LONG_TEXT = Text().with_variant(MEDIUMTEXT(), "mysql")


_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def clean_json(value: Any) -> Any:
    """Return `value` with NaN and infinities replaced by None, which JSON can hold.

    >>> clean_json({"value": float("nan"), "low": [1.5, float("inf")]})
    {'value': None, 'low': [1.5, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value


def dump_json(value: Any) -> str:
    """Return `value` as JSON in plain ASCII; NaN and infinities become null."""
    try:
        return _ENCODER.encode(value)
    except (ValueError, TypeError):
        # Most values are clean, and looking through every one of them takes longer than writing them.
        return _ENCODER.encode(clean_json(value))


def collect_words(document: Any) -> str:
    r"""Return the texts in a JSON-safe value, without its keys, one a line and without upper case.

    >>> collect_words({"column": "dep_delay", "members": [{"text": "Moved", "value": 0.3}]})
    'dep_delay\nmoved'
    """
    return "\n".join(dict.fromkeys(text.casefold() for text in _list_texts(document)))


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(_list_texts(item) for item in value.values())
    elif isinstance(value, list | tuple):
        yield from chain.from_iterable(_list_texts(item) for item in value)


class JsonText(TypeDecorator[Any]):
    """A JSON-safe value, kept as text: no database reorders, rounds or refuses it."""

    impl = _LONG_TEXT
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's.
        """Return the text to be stored."""
        return None if value is None else dump_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - the signature is SQLAlchemy's.
        """Return the value that was stored."""
        return None if value is None else json.loads(value)


class ExactText(TypeDecorator[str]):
    r"""Any Python text. Names come from data: one with a NUL or half a surrogate pair is escaped.

    PostgreSQL refuses NUL, and half a pair has no UTF-8. A text with one of them, or with a backslash, is
    stored as Python's escapes; every other text is stored as it is.
    """

    impl = _LONG_TEXT
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's.
        """Return the text to be stored."""
        if value is None or not _needs_escapes(value):
            return value
        return value.encode("unicode_escape").decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's.
        """Return the text that was stored."""
        if value is None or "\\" not in value:
            return value
        return value.encode("ascii").decode("unicode_escape")


def _needs_escapes(value: str) -> bool:
    if "\\" in value or "\0" in value:
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


class FiniteDouble(TypeDecorator[float]):
    """A float64 that comes back bit for bit; NaN and infinities, which MariaDB refuses, become null."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002 - the signature is SQLAlchemy's.
        """Return the number to be stored."""
        return float(value) if value is not None and math.isfinite(value) else None
