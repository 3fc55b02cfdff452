from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftwatch.store.database import Database
from driftwatch.store.documents import dump_json
from driftwatch.store.meta import read_meta, write_meta
from driftwatch.store.monitors import record_config
from driftwatch.store.tables import configs
from tests.support.stored import NOW

_SAFE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@_SAFE
@given(text=st.text(st.characters(), max_size=40))
def test_any_text_comes_back_as_it_was(database: Database, text: str) -> None:
    database.write(lambda connection: write_meta(connection, "text", text))

    assert database.read(lambda connection: read_meta(connection, "text")) == text


@pytest.mark.parametrize(
    "text",
    ["naïve 🛫 𝔘", "NUL \0 inside", "C:\\temp\\new", "\\u0041", "half \ud83d pair", "'; DROP --%s %(x)"],
)
def test_awkward_texts_come_back_as_they_were(database: Database, text: str) -> None:
    database.write(lambda connection: write_meta(connection, "text", text))

    assert database.read(lambda connection: read_meta(connection, "text")) == text


def test_json_is_kept_with_nan_and_infinities_as_null(database: Database) -> None:
    summary = {"psi": math.nan, "limits": [math.inf, 0.1 + 0.2, -0.0], "name": "🛫\0", "n": 2**60}

    database.write(lambda connection: record_config(connection, "f", summary, NOW))

    kept = database.read(lambda connection: connection.execute(configs.select()).one()).summary
    assert kept == {"psi": None, "limits": [None, 0.1 + 0.2, -0.0], "name": "🛫\0", "n": 2**60}


def test_json_is_plain_ascii_without_nan() -> None:
    assert dump_json({"é": (math.nan, 1.5)}) == '{"\\u00e9":[null,1.5]}'


def test_a_long_document_is_kept_whole(database: Database) -> None:
    summary = {"long": "x" * 300_000}

    database.write(lambda connection: record_config(connection, "long", summary, NOW))

    assert database.read(lambda connection: connection.execute(configs.select()).one()).summary == summary
