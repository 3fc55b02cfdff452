"""An incident as the new normal: what that would change, in words, and doing it."""

from __future__ import annotations

from driftwatch.incidents.words import join_words, say_count, say_window
from driftwatch.jobs.acceptance import accept_incident
from driftwatch.jobs.cases import find_case
from driftwatch.jobs.forecast import Forecast, Judged, forecast_acceptance
from driftwatch.web.acting import Fields, Outlook, need_why
from driftwatch.web.house import House

__all__ = ["accept", "describe_forecast", "foresee"]


def accept(house: House, number: int, sent: Fields) -> None:
    """Accept an incident as the new normal. Raises UsageError where that is refused."""
    why = need_why(sent, "say why it is normal from now on: the reason is kept with the reference")
    case = find_case(house.app.database, house.monitors, number)
    monitor = house.app.find_monitor(case.incident.monitor)
    accept_incident(house.app.parts, monitor, case.incident, sent["who"], why)


def foresee(house: House, number: int) -> Outlook:
    """Return what accepting an incident would change; its windows are read from their source again."""
    case = find_case(house.app.database, house.monitors, number)
    monitor = house.app.find_monitor(case.incident.monitor)
    return describe_forecast(forecast_acceptance(house.app.parts, monitor, case.incident))


def describe_forecast(found: Forecast) -> Outlook:
    """Return in words what accepting an incident would change."""
    heads = ("Window", "Was", "Would have been", "Because")
    rows = tuple(_describe_window(one) for one in reversed(found.judged))
    return Outlook(sentences=tuple(_say_all(found)), heads=heads, rows=rows)


def _say_all(found: Forecast) -> list[str]:
    tried, verb = len(found.judged), "is" if len(found.columns) == 1 else "are"
    numbers = join_words([f"#{number}" for number in found.incidents], at_most=10)
    span = f"{say_window(found.windows[0])} to {say_window(found.windows[-1])}"
    anew = f"{join_words(found.columns, at_most=10)} {verb} compared with"
    said = [
        f"{len(found.changed)} of {say_count(tried, 'window')} would have been judged differently.",
        f"{anew} {say_count(len(found.windows), 'window')} from then on, {span}; the others as before.",
        f"{say_count(len(found.incidents), 'open incident')} would end: {numbers}.",
    ]
    if found.left_out:
        said.append(f"{say_count(found.left_out, 'more window')} took too long to try.")
    return said


def _describe_window(one: Judged) -> tuple[str, ...]:
    words = [verdict.word.value.replace("_", " ") for verdict in (one.before, one.after)]
    because = one.after.findings[0].text if one.after.findings else "nothing is found"
    return say_window(one.window), *words, because
