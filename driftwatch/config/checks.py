"""What has to fit together in a configuration, beyond each value by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from driftwatch.config.digests import check_digests
from driftwatch.config.limits import check_limits
from driftwatch.config.mistakes import Note, Path, suggest
from driftwatch.config.quiet_times import check_heartbeat, check_maintenance
from driftwatch.config.reading import BAD, list_good
from driftwatch.config.reference_checks import check_reference
from driftwatch.config.resolving import list_time_columns, resolve_schedule
from driftwatch.config.retention import check_retentions
from driftwatch.config.sections import Chosen
from driftwatch.config.settings import (
    FileSettings,
    MonitorSettings,
    PatienceSettings,
    PromiseSettings,
    RuleSettings,
)
from driftwatch.config.special_days import check_calendar
from driftwatch.config.telling_checks import check_telling
from driftwatch.config.web import check_web
from driftwatch.incidents.rules import REPEATED_SHARE, WINDOW_STATISTICS
from driftwatch.statistics import entries
from driftwatch.statistics.p_values import LEAST_P_VALUE, STATISTICS_WITH_P_VALUE

__all__ = ["check_settings"]


def check_settings(settings: FileSettings, note: Note) -> None:
    """Record everything that does not fit together."""
    if settings.version not in (None, 1):
        note(("version",), f"wants 1, the only version there is, not {settings.version}")
    if settings.defaults is not None and settings.defaults.false_pages is not None:
        _check_promise(settings.defaults.false_pages, ("defaults", "false_pages"), note)
    check_retentions(settings, note)
    check_limits(settings, note)
    names = [one.id for _, one in list_good(settings.monitors) if one.id is not None]
    check_maintenance(settings.maintenance, names, note)
    check_heartbeat(settings.heartbeat, note)
    check_web(settings.web, note)
    channels = settings.channels or {}
    _check_fallbacks(channels, note)
    owners = {one.owner for _, one in list_good(settings.monitors) if one.owner}
    describe_channel = partial(_describe_unknown, "channel", known=channels)
    check_digests(settings.digests, owners, channels, note, describe_unknown=describe_channel)
    seen: dict[str, int] = {}
    for place, monitor in list_good(settings.monitors):
        path: Path = ("monitors", place)
        if monitor.id is not None and monitor.id in seen:
            note((*path, "id"), f"is the id of monitors[{seen[monitor.id]}] too; every monitor needs its own")
        elif monitor.id is not None:
            seen[monitor.id] = place
        _check_names(monitor, channels, settings.triggers or {}, path, note)
        check_telling(monitor, channels, path, note, describe_unknown=describe_channel)
        for check in _CHECKS:
            check(monitor, path, note)


def _check_fallbacks(channels: Mapping[Any, Any], note: Note) -> None:
    following = {
        name: getattr(chosen.value, "fallback", None) if isinstance(chosen, Chosen) else None
        for name, chosen in channels.items()
    }
    for name, fallback in following.items():
        path: Path = ("channels", name, "fallback")
        if fallback is not None and fallback not in channels:
            note(path, _describe_unknown("channel", fallback, channels))
        elif _leads_back(name, following):
            note(path, f"leads back to {name}; the last channel of a chain has no fallback")


def _leads_back(name: str, following: Mapping[str, str | None]) -> bool:
    passed, step = {name}, following[name]
    while step is not None and step not in passed:
        passed.add(step)
        step = following.get(step)
    return step == name


def _check_names(
    monitor: MonitorSettings,
    channels: Mapping[Any, Any],
    triggers: Mapping[Any, Any],
    path: Path,
    note: Note,
) -> None:
    told: list[str] = []
    for place, name in list_good(monitor.notify):
        if name not in channels:
            note((*path, "notify", place), _describe_unknown("channel", name, channels))
        elif name in told:
            note((*path, "notify", place), f"names {name} a second time")
        told.append(name)
    if monitor.retrain is None:
        return
    trigger = monitor.retrain.trigger
    if trigger is not None and trigger not in triggers:
        note((*path, "retrain", "trigger"), _describe_unknown("trigger", trigger, triggers))
    if monitor.retrain.after < 1:
        note((*path, "retrain", "after"), f"wants at least 1 window, not {monitor.retrain.after}")
    if not monitor.retrain.when:
        note((*path, "retrain", "when"), "wants at least one kind of incident: drift or stale")


def _describe_unknown(noun: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    there = f"there are {', '.join(names)}" if names else f"there is none under {noun}s:"
    return f"there is no {noun} {name!r}; {there}{suggest(name, names)}"


def _check_window(monitor: MonitorSettings, path: Path, note: Note) -> None:
    try:
        resolve_schedule(monitor)
    except ValueError as error:
        note((*path, "window"), str(error))


def _check_patience(monitor: MonitorSettings, path: Path, note: Note) -> None:
    patience = monitor.patience
    k, of = (patience.k, patience.of) if isinstance(patience, PatienceSettings) else (patience, patience)
    if k < 1 or (of is not None and of < k):
        note((*path, "patience"), f"wants 1 ≤ k ≤ of, not k = {k}, of = {of}")
    if monitor.resolve_after < 1:
        note((*path, "resolve_after"), f"wants at least 1 window, not {monitor.resolve_after}")


def _check_time(monitor: MonitorSettings, path: Path, note: Note) -> None:
    source = monitor.source
    if source is not None and source.extra.time_column is None and _needs_time(source):
        note((*path, "source", "time_column"), "is missing: the column with the time of a row")
    if monitor.reference is None or monitor.reference.source is None or source is None:
        return
    own = monitor.reference.source.extra.time_column
    if own is not None and own != source.extra.time_column:
        there = (*path, "reference", "source", "time_column")
        note(there, "must be the same as in the monitor's source; it may be left out here")


def _needs_time(source: Chosen) -> bool:
    return source.kind == "files" or getattr(source.value, "table", None) is not None


def _check_columns(monitor: MonitorSettings, path: Path, note: Note) -> None:
    columns = monitor.columns
    if columns is None or columns.include is None:
        return
    if not columns.include:
        note((*path, "columns", "include"), "names no column, so that nothing would be judged")
    for place, name in list_good(columns.exclude):
        if name in columns.include:
            note((*path, "columns", "exclude", place), f"{name!r} stands under include too")


def _check_budget(monitor: MonitorSettings, path: Path, note: Note) -> None:
    if monitor.false_pages is not None:
        _check_promise(monitor.false_pages, (*path, "false_pages"), note)
    if not monitor.must_see > 0:
        note((*path, "must_see"), "wants a share above 0: no number of rows could show less")
    importance: Mapping[str, Any] = (monitor.columns.importance if monitor.columns else None) or {}
    for column, weight in importance.items():
        if weight is not BAD and not weight >= 0:
            note((*path, "columns", "importance", column), f"wants a weight of 0 or more, not {weight:g}")


def _check_promise(promise: PromiseSettings, path: Path, note: Note) -> None:
    if not promise.at_most > 0:
        note((*path, "at_most"), f"wants more than 0 pages, not {promise.at_most:g}: no alarm can be so rare")
    if promise.per <= timedelta(0):
        note((*path, "per"), "wants a duration such as 30d")


def _check_rules(monitor: MonitorSettings, path: Path, note: Note) -> None:
    greatest_of = {entry.name: entry.greatest for entry in entries()} | dict(WINDOW_STATISTICS)
    for place, rule in list_good(monitor.rules):
        there: Path = (*path, "rules", place)
        if rule.statistic is not None and rule.statistic not in greatest_of:
            names = ", ".join(sorted(greatest_of))
            hint = suggest(rule.statistic, greatest_of)
            note((*there, "statistic"), f"there is no statistic {rule.statistic!r}; there are {names}{hint}")
        elif rule.statistic is not None:
            _check_rule_limit(rule, greatest_of[rule.statistic], there, note)
        if rule.statistic in WINDOW_STATISTICS:
            _check_window_rule(rule, monitor, there, note)
        else:
            _check_rule_column(rule, monitor, there, note)


def _check_rule_limit(rule: RuleSettings, greatest: float | None, path: Path, note: Note) -> None:
    if rule.limit is None and rule.p_value is None:
        note(path, f"wants a limit, or a p_value in place of it, for {rule.statistic}")
    elif rule.limit is not None and rule.p_value is not None:
        note((*path, "p_value"), "stands beside limit; a rule has one of the two")
    if rule.limit is not None and (rule.limit < 0 or (greatest is not None and rule.limit >= greatest)):
        most = "" if greatest is None else f" and below {greatest:g}, its greatest value"
        note((*path, "limit"), f"wants at least 0{most}, not {rule.limit:g}")
    if rule.clear is not None and rule.limit is None:
        note((*path, "clear"), "stands without a limit; only a limit has a level below which it is calm")
    elif rule.clear is not None and rule.limit is not None and not 0 <= rule.clear <= rule.limit:
        note((*path, "clear"), f"wants at least 0 and at most the limit, {rule.limit:g}, not {rule.clear:g}")
    if rule.p_value is not None:
        _check_p_value(rule, rule.p_value, path, note)


def _check_p_value(rule: RuleSettings, p_value: float, path: Path, note: Note) -> None:
    if rule.statistic not in STATISTICS_WITH_P_VALUE:
        names = ", ".join(STATISTICS_WITH_P_VALUE)
        note((*path, "p_value"), f"{rule.statistic} has a limit but no p-value; p-values have {names}")
    elif not LEAST_P_VALUE <= p_value < 1:
        most = f"at least {LEAST_P_VALUE:g}, the smallest that 10,000 shuffles can tell, and below 1"
        note((*path, "p_value"), f"wants {most}, not {p_value:g}")


def _check_window_rule(rule: RuleSettings, monitor: MonitorSettings, path: Path, note: Note) -> None:
    if rule.column not in {None, "*"}:
        note((*path, "column"), f'{rule.statistic} is of the window as a whole: write column: "*"')
    if rule.statistic == REPEATED_SHARE and not monitor.key:
        note((*path, "statistic"), f"{REPEATED_SHARE} needs `key`, the columns that make a row unique")


def _check_rule_column(rule: RuleSettings, monitor: MonitorSettings, path: Path, note: Note) -> None:
    columns = monitor.columns
    unjudged = {
        "the time column": list_time_columns(monitor.source),
        "a key column": monitor.key,
        "excluded": columns.exclude if columns else (),
    }
    for why, names in unjudged.items():
        if rule.column in names:
            note((*path, "column"), f"{rule.column!r} is not judged: it is {why}")
    included = columns.include if columns else None
    if rule.column is not None and rule.column != "*" and included and rule.column not in included:
        note((*path, "column"), f"{rule.column!r} is not judged: it is not under columns.include")


def _check_ages(monitor: MonitorSettings, path: Path, note: Note) -> None:
    trained = monitor.model is not None and monitor.model.trained_at is not None
    if monitor.ages is not None and monitor.ages.model is not None and not trained:
        note((*path, "ages", "model"), "needs model.trained_at, the day the model was trained")
    fresh = monitor.freshness
    if fresh and fresh.warn_after and fresh.page_after and fresh.page_after < fresh.warn_after:
        note((*path, "freshness", "page_after"), "must not be shorter than warn_after")


_CHECKS: Final = (
    _check_window,
    _check_patience,
    check_reference,
    _check_time,
    _check_columns,
    check_calendar,
    _check_budget,
    _check_rules,
    _check_ages,
)
