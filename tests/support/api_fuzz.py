"""Requests made of the OpenAPI document, as it wants them and against it, held against what it promises.

Each request is sent as every caller, with and without a token. `make fuzz-api` is the long tier: 5,000
requests made for every operation.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from driftwatch.jobs.deliver import deliver_due
from driftwatch.store import migrations
from driftwatch.store.database import open_database
from driftwatch.web.access import Caller, How, Scope, find_caller
from driftwatch.web.api.document import build_document
from tests.support.site import Site, open_site

__all__ = ["CALLERS", "Fuzz", "list_operations", "main"]

CALLERS: Final[Mapping[str, Caller | None]] = {
    "nobody": None,
    "read": Caller(name="dashboard", scope=Scope.READ, how=How.TOKEN),
    "operate": Caller(name="pipeline", scope=Scope.OPERATE, how=How.TOKEN),
    "anonymous": Caller(name="", scope=Scope.ADMIN, how=How.ANONYMOUS),
}
"""Who asks: with a token of either scope, without one, and where nobody is asked."""

_CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
_SENDS = ("method", "url", "headers", "params", "json")


@dataclass(slots=True, kw_only=True)
class Fuzz:
    """One operation, asked of a site by every caller; `seen` counts the statuses of the answers."""

    site: Site
    operation: str
    seen: dict[str, Counter[int]] = field(default_factory=lambda: {name: Counter() for name in CALLERS})

    def run(self, examples: int) -> None:
        """Make so many requests. Raises AssertionError for the smallest that breaks a promise."""
        app = self.site.client.app
        schema = openapi.from_dict({**build_document(app), "servers": [{"url": "http://localhost"}]})  # type: ignore[arg-type]
        operation = schema.find_operation_by_id(self.operation)

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            derandomize=examples < 100,
        )
        @given(case=self._build_strategy(operation))
        def ask(case: Any) -> None:
            for caller in CALLERS:
                self.ask(case, caller)

        with self.site.client:
            ask()

    def ask(self, case: Any, caller: str) -> None:
        """Send one request and hold the answer against the document, and the scope of who asks."""
        who = CALLERS[caller]
        self.site.client.app.dependency_overrides[find_caller] = lambda: who  # type: ignore[attr-defined]
        sent = case.as_transport_kwargs(base_url="http://localhost")
        options = {name: sent[name] for name in _SENDS if sent.get(name) is not None}
        if isinstance(sent.get("data"), str | bytes):
            options["content"] = sent["data"]
        answer = self.site.client.request(**options)
        self.seen[caller][answer.status_code] += 1
        case.validate_response(answer, checks=_CHECKS)
        is_change = case.method.upper() != "GET"
        may = who is not None and who.may(Scope.OPERATE if is_change else Scope.READ)
        assert may or answer.status_code >= 400, f"{caller} got past {case.method} {case.path}"

    def _build_strategy(self, operation: Any) -> st.SearchStrategy[Any]:
        """Return requests with values as they are wanted, with others, and about what is there."""
        known = {"monitor": "flights", "at": "2013-02-03", "version": 1, "number": self.site.numbers[0]}
        found = {
            "path_parameters": {one.name for one in operation.path_parameters},
            "query": {one.name for one in operation.query if one.is_required},
        }
        places = {
            where: {name: known[name] for name in names if name in known} for where, names in found.items()
        }
        good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        there = operation.as_strategy(generation_mode=GenerationMode.POSITIVE, **places)
        bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        return st.one_of(there, good, bad)


def list_operations(site: Site) -> list[str]:
    """Return the ids of every operation of a site."""
    document = build_document(site.client.app)  # type: ignore[arg-type]
    return [one["operationId"] for methods in document["paths"].values() for one in methods.values()]


def open_story(folder: Path) -> tuple[Site, Any]:
    """Return a site whose monitor has been through something, on a store of its own, and that store."""
    url = f"sqlite:///{folder}/fuzz.db"
    migrations.upgrade(url)
    database = open_database(url)
    site = open_site(database)
    site.live("..a")
    deliver_due(site.bench.parts)
    return site, database


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz every operation, each on a store of its own, and return the exit status."""
    parser = argparse.ArgumentParser(description="Requests made of the OpenAPI document.")
    parser.add_argument("--examples", type=int, default=5_000)
    parser.add_argument("--operation", action="append", help="only these operations, by their ids")
    parser.add_argument("--jobs", type=int, default=2, help="operations that are asked at the same time")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        site, database = open_story(Path(folder))
        names = wanted.operation or list_operations(site)
        database.close()
    with ProcessPoolExecutor(wanted.jobs) as pool:
        good = list(pool.map(partial(_fuzz, examples=wanted.examples), names))
    print(f"{sum(good)} of {len(names)} operations held, {wanted.examples:,} requests of each", flush=True)
    return 0 if all(good) else 1


def _fuzz(name: str, examples: int) -> bool:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        site, database = open_story(Path(folder))
        with closing(database):
            fuzz = Fuzz(site=site, operation=name)
            try:
                fuzz.run(examples)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are tried too.
                print(f"{name}: BROKEN: {type(error).__name__}: {error}", flush=True)
                return False
    print(f"{name}, {time.monotonic() - began:.0f} s", *_describe(fuzz.seen), sep="\n  ", flush=True)
    return True


def _describe(seen: Mapping[str, Counter[int]]) -> list[str]:
    """Return a line for each caller: how often which status was the answer."""
    return [
        f"{caller}: {', '.join(f'{count} × {status}' for status, count in sorted(statuses.items()))}"
        for caller, statuses in seen.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
