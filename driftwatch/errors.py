"""Every error a user can meet: the class says what went wrong, the message where, and what to do.

Every class here derives from `DriftwatchError`. `exit_status` is what the command line ends with.
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "DataError",
    "DriftwatchError",
    "InstanceError",
    "NotDueError",
    "PictureError",
    "SourceError",
    "StoreError",
    "UsageError",
]


class DriftwatchError(Exception):
    """Something went wrong that a user can mend; the message says where and how."""

    exit_status = 2


class UsageError(DriftwatchError):
    """The command was called with words that do not fit together."""


class ConfigError(DriftwatchError):
    """The configuration has mistakes; every one of them is listed with its line."""


class DataError(DriftwatchError):
    """The rows are there but cannot be used as they are: a column is missing or holds the wrong type."""


class SourceError(DriftwatchError):
    """The rows could not be read. `again` says whether the same read may succeed later."""

    def __init__(self, message: str, *, again: bool = False) -> None:
        super().__init__(message)
        self.again = again


class StoreError(DriftwatchError):
    """The store could not be opened, read or written."""


class InstanceError(DriftwatchError):
    """The store belongs to another installation."""


class NotDueError(UsageError):
    """The window asked for is not due yet; the message says when it is."""


class PictureError(DriftwatchError):
    """A picture could not be drawn, or what draws them in a browser could not be made."""
