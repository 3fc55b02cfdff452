from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

from driftwatch.sources import SOURCES


def test_the_kinds_are_dataclasses_whose_settings_are_described() -> None:
    assert list(SOURCES) == ["files", "sql", "http"]
    kinds: list[Any] = list(SOURCES.values())
    for kind in kinds:
        assert kind.__doc__
        assert all(field.metadata.get("text") for field in dataclasses.fields(kind))


def test_looking_at_the_kinds_imports_no_database_and_no_client() -> None:
    heavy = ("sqlalchemy", "requests", "pandas")
    code = (
        "import sys; from driftwatch.sources import SOURCES; list(SOURCES); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
