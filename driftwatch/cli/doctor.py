"""`driftwatch doctor`: whether everything that driftwatch rests on is in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption

if TYPE_CHECKING:
    from driftwatch.config.loading import Config
    from driftwatch.jobs.checks import Check
    from driftwatch.jobs.doctor_access import AccessFacts

__all__ = ["doctor", "register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="doctor")(doctor)


def doctor(*, config: ConfigOption = Path("driftwatch.yaml"), output: OutputOption = Output.TEXT) -> None:
    """Look at the store, clocks, permissions, sources and channels. Nothing is changed, nobody is told.

    One line a check, with what to do. Ends with 1 for a warning and 2 for trouble.
    """
    from driftwatch.cli.printing import print_json
    from driftwatch.config.loading import load_config
    from driftwatch.jobs.checks import Health, find_worst
    from driftwatch.jobs.clock import SystemClock
    from driftwatch.jobs.examination import Patient, examine

    loaded = load_config(config)
    patient = Patient(
        config=config,
        fingerprint=loaded.fingerprint,
        store_url=loaded.store_url.reveal(),
        channels=loaded.destinations,
        triggers=loaded.triggers,
        monitors=loaded.monitors,
        access=_find_access(loaded),
    )
    found = list(examine(patient, SystemClock()))
    worst = find_worst(found)
    if output is Output.JSON:
        checks = [
            {"check": one.name, "health": one.health.value, "text": one.text, "advice": one.advice or None}
            for one in found
        ]
        print_json({"schema": "driftwatch.doctor/v1", "health": worst.value, "checks": checks})
    else:
        _print(found)
    if worst is not Health.OK:
        raise typer.Exit(1 if worst is Health.WARNING else 2)


def _find_access(config: Config) -> AccessFacts:
    from driftwatch.jobs.doctor_access import AccessFacts

    access = config.access
    return AccessFacts(
        is_asked=access.is_asked,
        is_reachable=not config.listen.is_loopback,
        is_encrypted=(config.public_url or "").startswith("https://"),
        passwords=access.passwords,
        has_others=access.proxy is not None or access.oidc is not None,
    )


def _print(found: list[Check]) -> None:
    from driftwatch.cli.printing import print_table

    rows = [
        [one.health.value, one.name, f"{one.text} — {one.advice}" if one.advice else one.text]
        for one in found
    ]
    print_table(["HEALTH", "CHECK", "FOUND"], rows)
