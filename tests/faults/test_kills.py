"""Daemons that are killed and paused, and whose connections are cut, lose nothing and do nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from driftwatch.torture.campaign import Run, Settings, run_campaign
from driftwatch.torture.proxy import Proxy
from driftwatch.torture.report import summarise_run
from driftwatch.torture.troubles import Plan
from tests.support.databases import create_url, drop_url

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

KILLS = Plan(replicas=2, shortest=0.2, longest=1.0, pause_share=0.2, kill_share=0.6, armed_share=0.3)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    made = create_url(request.param, tmp_path)
    try:
        yield made
    finally:
        drop_url(made)


def require_good(run: Run) -> None:
    print(*summarise_run(run), sep="\n")
    assert [finding.violations for finding in run.findings if finding.violations] == []
    assert not run.unsettled


@pytest.mark.parametrize("url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_nothing_is_lost_where_daemons_are_killed_and_paused(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()

    run = run_campaign(Settings(seed=21, seconds=20.0, monitors=10, store_url=url, plan=KILLS), folder)

    require_good(run)
    assert run.counts.kills + run.counts.pauses >= 10


@pytest.mark.parametrize("url", ["postgresql", "mariadb"], indirect=True)
def test_nothing_is_lost_where_connections_are_cut(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    address = make_url(url)
    proxy = Proxy(str(address.host), int(address.port or 0))
    through = address.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    plan = Plan(
        replicas=2,
        kill_share=0.0,
        pause_share=0.0,
        armed_share=0.0,
        hazards=(proxy.cut, proxy.cut_at_commit, proxy.cut_at_commit),
        hazard_every=0.5,
    )
    settings = Settings(seed=22, seconds=15.0, monitors=8, store_url=url, proxied_url=through, plan=plan)
    try:
        run = run_campaign(settings, folder)
    finally:
        proxy.close()

    require_good(run)
    assert proxy.cuts >= 10
