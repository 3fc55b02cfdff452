from __future__ import annotations

from functools import partial

import pytest

from driftwatch.errors import InstanceError
from driftwatch.jobs.replicas import apply_fingerprint, claim_instance, is_in_force, rename_instance
from driftwatch.store.database import Database


def test_a_store_belongs_to_the_first_instance_that_comes(database: Database) -> None:
    database.write(lambda tx: claim_instance(tx, "eu"))
    database.write(lambda tx: claim_instance(tx, "eu"))

    with pytest.raises(InstanceError, match=r"belongs to the instance 'eu' .* `instance: us`"):
        database.write(lambda tx: claim_instance(tx, "us"))


def test_a_store_can_be_handed_over(store: Database) -> None:
    assert store.write(lambda tx: rename_instance(tx, "eu")) is None
    assert store.write(lambda tx: rename_instance(tx, "us")) == "eu"

    store.write(lambda tx: claim_instance(tx, "us"))


def test_the_configuration_applied_last_is_in_force(database: Database) -> None:
    for fingerprint in ("a", "b", "a"):
        database.write(partial(apply_fingerprint, fingerprint=fingerprint))

    assert database.read(lambda tx: is_in_force(tx, "a"))
    assert not database.read(lambda tx: is_in_force(tx, "b"))
