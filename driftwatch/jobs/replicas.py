"""What several daemons on one store agree on: whose store it is, and which configuration is in force."""

from __future__ import annotations

import sqlalchemy as sa

from driftwatch.errors import InstanceError
from driftwatch.store.meta import keep_meta, read_meta, write_meta

__all__ = ["apply_fingerprint", "claim_instance", "is_in_force", "is_of_instance", "rename_instance"]

_INSTANCE, _CONFIG = "instance", "applied_config"


def claim_instance(connection: sa.Connection, name: str) -> None:
    """Make the store that of the installation `name`, where it is nobody's yet.

    Raises InstanceError where it is another's: two on one store would end each other's monitors.
    """
    keep_meta(connection, _INSTANCE, name)
    owner = read_meta(connection, _INSTANCE)
    if owner != name:
        raise InstanceError(
            f"the store belongs to the instance {owner!r} and the configuration says `instance: {name}`; "
            f"name another store, or hand this one over with `driftwatch db rename-instance {name}` once no "
            "daemon of the other runs"
        )


def is_of_instance(connection: sa.Connection, name: str) -> bool:
    """Return whether the store is that of the installation `name`."""
    return read_meta(connection, _INSTANCE) == name


def rename_instance(connection: sa.Connection, name: str) -> str | None:
    """Make the store that of the installation `name`; return whose it was, None where nobody's."""
    before = read_meta(connection, _INSTANCE)
    write_meta(connection, _INSTANCE, name)
    return before


def apply_fingerprint(connection: sa.Connection, fingerprint: str) -> None:
    """Put the configuration with this fingerprint in force: replicas under another one wait from now on."""
    write_meta(connection, _CONFIG, fingerprint)


def is_in_force(connection: sa.Connection, fingerprint: str) -> bool:
    """Return whether the configuration with this fingerprint was the last to be applied."""
    return read_meta(connection, _CONFIG) == fingerprint
