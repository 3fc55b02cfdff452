"""Configurations that are nearly right, and texts that are nothing: an error names every line, or it loads.

The long run, 20,000 documents: `python -m tests.support.config_fuzz --count 20000 --seed 1`, or
DRIFTWATCH_LONG=1 with this file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from driftwatch.app import open_app
from driftwatch.config import load_config
from driftwatch.daemon.daemon import Daemon
from tests.support.config_documents import DAMAGES_OF_TEXTS, DAMAGES_OF_TREES
from tests.support.config_files import ENVIRONMENT, SMALL
from tests.support.config_fuzz import CANARIES, SEEDS, Loaded, build_document, load_document, run_documents

IS_LONG = os.environ.get("DRIFTWATCH_LONG") == "1"
COUNT = 20_000 if IS_LONG else 600
SEED = int(os.environ.get("DRIFTWATCH_SEED", "1"))
RELOADS = 2000 if IS_LONG else 60

pytestmark = pytest.mark.timeout(3600 if IS_LONG else 120)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Loaded]:
    return run_documents(COUNT, SEED, tmp_path_factory.mktemp("configurations"))


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_the_documents_that_are_damaged_load_undamaged(tmp_path: Path, number: int) -> None:
    path = tmp_path / "driftwatch.yaml"

    word, _, _, problems = load_document(SEEDS[number].encode(), path)

    assert (word, problems) == ("loaded", [])
    assert not any(canary in repr(load_config(path, ENVIRONMENT)) for canary in CANARIES)


def test_every_document_loads_or_every_line_of_its_error_says_where_and_no_secret(
    loaded: Sequence[Loaded],
) -> None:
    broken = [f"{one.name}: {'; '.join(one.problems)}" for one in loaded if one.problems]

    assert not broken, "\n".join(broken)


def test_documents_of_every_kind_were_tried_and_some_of_them_load(loaded: Sequence[Loaded]) -> None:
    names = " ".join(one.name for one in loaded)

    assert {one.family for one in loaded} == {"by the schema", "of a tree", "of a text"}
    assert all(damage in names for damage in (*DAMAGES_OF_TREES, *DAMAGES_OF_TEXTS))
    assert {one.word for one in loaded} == {"loaded", "refused"}


def test_the_same_seed_makes_the_same_document() -> None:
    assert build_document(4711) == build_document(4711)


def test_a_daemon_keeps_its_configuration_whatever_the_file_has_become(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "driftwatch.yaml"
    path.write_text(SMALL.replace("sqlite:///s.db", f"sqlite:///{tmp_path}/own.db"), encoding="utf-8")
    config = load_config(path, ENVIRONMENT)
    app = open_app(config)
    daemon = Daemon(app, lambda: load_config(path, ENVIRONMENT))
    app.apply_config()

    for seed in range(SEED * 10**6, SEED * 10**6 + RELOADS):
        path.write_bytes(build_document(seed)[2])
        daemon._apply_reload()

    refused = [record for record in caplog.records if "reload refused" in record.message]
    assert len(refused) == RELOADS
    assert daemon._app is app
    assert (app.config, app.is_in_force()) == (config, True)
    assert not any("canary" in record.getMessage() for record in refused)
    app.close()
