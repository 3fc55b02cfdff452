"""`driftwatch explain` and `why-not`: why people were told of an incident, and why not of a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftwatch.cli.session import ConfigOption, Output, OutputOption, open_session, read_moment

if TYPE_CHECKING:
    from driftwatch.app import App
    from driftwatch.incidents.explaining import Allowed, Told
    from driftwatch.incidents.readings import Reading
    from driftwatch.jobs.explain import CaseExplained, Silence
    from driftwatch.jobs.reference import Watch

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add both commands to `app`."""
    app.command(name="explain")(explain)
    app.command(name="why-not")(why_not)


def explain(
    number: Annotated[int, typer.Argument(metavar="INCIDENT", help="The incident's number.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    output: OutputOption = Output.TEXT,
) -> None:
    """Say in plain words, with its own numbers, why an incident opened, and who was told."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.jobs.explain import explain_case

    with open_session(config) as app:
        found = explain_case(app.database, app.config.monitors, _find_watch(app, number), number)
    if output is Output.JSON:
        print_json(_build_case_json(found))
        return
    incident, said = found.case.incident, found.explanation
    print_lines(
        f"Incident {incident.id}: {found.case.title}",
        f"{incident.kind}, {incident.severity}, {incident.state}",
    )
    for title, lines in (("Why", said.why), ("What", said.members), ("Who was told", said.told)):
        print_lines("", f"{title}:", *(f"  {line}" for line in lines))


def why_not(
    monitor: Annotated[str, typer.Argument(help="The monitor's id.")],
    *,
    config: ConfigOption = Path("driftwatch.yaml"),
    at: Annotated[
        str | None, typer.Option(help="The window that contains this time; the latest due one without.")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Say why nobody was told of a window: one reason a line. Ends with 0 whatever they are."""
    from driftwatch.cli.printing import print_json, print_lines
    from driftwatch.incidents.why_not import say_detached, say_unstarted
    from driftwatch.jobs.explain import explain_silence
    from driftwatch.jobs.windows import window_at
    from driftwatch.store.monitors import find_monitor

    with open_session(config) as app:
        row = app.database.read(lambda tx: find_monitor(tx, monitor))
        if row is not None and all(one.id != monitor for one in app.config.monitors):
            _print_reason(monitor, say_detached(monitor), output)
            return
        watched = app.find_monitor(monitor)
        watch = app.resume(watched)
        if watch is None:
            _print_reason(monitor, say_unstarted(monitor), output)
            return
        moment = read_moment(at, watched.timezone)
        window = None if moment is None else window_at(watched.schedule, moment)
        found = explain_silence(app.database, watch, window, app.parts.clock.now())
    if output is Output.JSON:
        print_json(_build_silence_json(found))
    else:
        print_lines(*found.lines)


def _print_reason(monitor: str, reason: str, output: Output) -> None:
    from driftwatch.cli.printing import print_json, print_lines

    if output is Output.JSON:
        print_json({"schema": "driftwatch.why-not/v1", "monitor": monitor, "window": None, "lines": [reason]})
    else:
        print_lines(reason)


def _find_watch(app: App, number: int) -> Watch | None:
    """Return the monitor that an incident belongs to; None where the configuration names it no more."""
    from driftwatch.jobs.cases import find_case

    name = find_case(app.database, app.config.monitors, number).incident.monitor
    monitor = next((one for one in app.config.monitors if one.id == name), None)
    return None if monitor is None else app.resume(monitor)


def _build_case_json(found: CaseExplained) -> dict[str, Any]:
    from driftwatch.incidents.explaining import find_member_part
    from driftwatch.incidents.incident import rank_members

    explained, said = found.explained, found.explanation
    members = []
    for member in rank_members(found.case.incident.members):
        part = find_member_part(member, explained)
        members.append(
            {
                "column": member.column,
                "score": part and part.score,
                "scale": part and part.scale.value,
                "distance": part and part.distance,
                "wobble": part and part.wobble,
            }
        )
    return {
        "schema": "driftwatch.explain/v1",
        "incident": found.case.to_json(),
        **_build_allowed(explained.allowed),
        "opened": _build_reading(explained.opened),
        "last": _build_reading(explained.last),
        "members": members,
        "told": [_build_told(one) for one in explained.told],
        "lines": {"why": list(said.why), "what": list(said.members), "told": list(said.told)},
    }


def _build_silence_json(found: Silence) -> dict[str, Any]:
    from driftwatch.incidents.stamps import write_stamp

    looked, verdict = found.looked, found.looked.verdict
    return {
        "schema": "driftwatch.why-not/v1",
        "monitor": looked.monitor,
        "window": write_stamp(looked.window.start),
        "verdict": verdict and verdict.word.value,
        "rows": verdict and verdict.rows,
        **_build_allowed(looked.allowed),
        "reading": _build_reading(looked.reading),
        "smallest_share": looked.smallest,
        "incidents": [one.id for one in looked.incidents],
        "told": [_build_told(one) for one in looked.told],
        "lines": list(found.lines),
    }


def _build_allowed(allowed: Allowed) -> dict[str, Any]:
    from driftwatch.config.values import format_duration

    promise = allowed.promise
    return {
        "false_pages": promise and {"at_most": promise.at_most, "per": format_duration(promise.per)},
        "minimum_effect": allowed.minimum_effect,
    }


def _build_reading(reading: Reading | None) -> dict[str, Any] | None:
    from driftwatch.incidents.stamps import write_stamp

    if reading is None:
        return None
    nearest = reading.parts[0] if reading.parts else None
    return {
        "window": write_stamp(reading.window.start),
        "score": reading.score,
        "limit": reading.limit,
        "scale": reading.scale.value,
        "calibration": reading.state.value,
        "windows_needed": reading.missing,
        "windows_known": reading.known,
        "highest": reading.highest,
        "place": reading.place,
        "compared_with": reading.season,
        "nearest": nearest
        and {"column": nearest.column, "about": nearest.aspect.value, "score": nearest.score},
    }


def _build_told(told: Told) -> dict[str, Any]:
    from driftwatch.incidents.stamps import write_stamp

    return {
        "at": write_stamp(told.at),
        "notice": told.notice,
        "channel": told.channel,
        "state": told.state,
        "error": told.error,
    }
