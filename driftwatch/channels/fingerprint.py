"""Tell whether a channel is still the one that was refused: by its settings, its secrets among them.

Four hex digits of each secret's hash show that it changed, and are too few to test guesses with.
"""

from __future__ import annotations

import dataclasses
import hashlib

from driftwatch.errors import ConfigError
from driftwatch.net.secrets import Secret

__all__ = ["fingerprint_channel"]


def fingerprint_channel(channel: object) -> str:
    """Return 64 hex digits that change when a setting of `channel` does, or what a secret's file holds."""
    settings = dataclasses.fields(channel) if dataclasses.is_dataclass(channel) else ()
    parts = [type(channel).__qualname__]
    parts += [f"{one.name}={_describe(getattr(channel, one.name))}" for one in settings]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _describe(value: object) -> str:
    if not isinstance(value, Secret):
        return repr(value)
    try:
        text = value.reveal()
    except ConfigError:
        # A secret that cannot be read is none that anybody has refused.
        return "unreadable"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[-4:]
