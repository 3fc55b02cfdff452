"""The sections of the configuration: a key is a field, and its words are what editors show.

Channels, triggers and sources are not here: their settings stand beside their code.
"""

# ruff: noqa: RUF009 - setting() is dataclasses.field with words for editors.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from driftwatch.config.digests import DigestSettings
from driftwatch.config.quiet_times import HeartbeatSettings, MaintenanceSettings
from driftwatch.config.sections import Choice, Chosen, setting
from driftwatch.config.values import Key, Moment, Share, Size, Zone
from driftwatch.config.web import WebSettings
from driftwatch.incidents.policy import DEFAULT_REMINDERS, Ages, Freshness
from driftwatch.jobs.monitor import CatchUp
from driftwatch.net.secrets import Secret
from driftwatch.profiles.grid import Kind

__all__ = [
    "CalendarSettings",
    "ColumnSettings",
    "CronSettings",
    "DaySettings",
    "DefaultSettings",
    "EscalationSettings",
    "ExceptSettings",
    "FileSettings",
    "LimitSettings",
    "ModelSettings",
    "MonitorSettings",
    "PatienceSettings",
    "PromiseSettings",
    "ReferenceSettings",
    "RetentionSettings",
    "RetrainSettings",
    "RuleSettings",
    "SourceExtra",
    "StoreSettings",
    "TimeColumnSettings",
]


def _load_sources() -> Mapping[str, type]:
    from driftwatch.sources import SOURCES

    return SOURCES


def _load_channels() -> Mapping[str, type]:
    from driftwatch.channels import CHANNELS

    return CHANNELS


def _load_triggers() -> Mapping[str, type]:
    from driftwatch.triggers import TRIGGERS

    return TRIGGERS


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where driftwatch remembers what it judged and told."""

    url: Secret | None = setting(
        "a database, such as sqlite:///driftwatch.db, postgresql://… or mysql://…", required=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSettings:
    """Windows between successive fires of a cron line."""

    cron: str | None = setting("five cron fields, such as 0 6 * * 1-5", required=True)
    timezone: Zone | None = setting("the zone of the cron fields; the monitor's where it is left out")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeColumnSettings:
    """The column with the time of a row, with its format."""

    column: str | tuple[str, ...] = setting("the column, or a list of columns to join", (), required=True)
    format: str | None = setting("how the times are written, such as %d-%m-%Y %H:%M")
    timezone: Zone | None = setting("the zone of times without one; the monitor's where it is left out")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceExtra:
    """What every source may say beside its own settings."""

    time_column: str | tuple[str, ...] | TimeColumnSettings | None = setting(
        "the column with the time of a row, or a list of columns to join"
    )


SourceSettings = Annotated[Chosen, Choice("source", _load_sources, SourceExtra)]
ChannelSettings = Annotated[Chosen, Choice("channel", _load_channels)]
TriggerSettings = Annotated[Chosen, Choice("trigger", _load_triggers)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptSettings:
    """A stretch of time that the reference leaves out."""

    from_: Moment | None = setting("its first moment", required=True)
    to: Moment | None = setting("its end, exclusive", required=True)
    why: str | None = setting("why it is left out", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSettings:
    """The rows that production is compared with: those of a time, the last ones, or all of a source."""

    from_: Moment | None = setting("the first day of the reference")
    to: Moment | None = setting("the end of the reference, exclusive")
    last: timedelta | None = setting("so much time, moving along: in place of from and to, or beside them")
    gap: timedelta | None = setting("how long before the windows it judges it ends; a season cycle")
    except_: tuple[ExceptSettings, ...] = setting("stretches of time to leave out, each with its reason", ())
    source: SourceSettings | None = setting("where the reference lies, when not in the monitor's source")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSettings:
    """Which columns are judged, and as what."""

    include: tuple[str, ...] | None = setting("judge these columns only")
    exclude: tuple[str, ...] = setting("columns not to judge", ())
    kinds: Mapping[str, Kind] | None = setting("kinds that differ from what the reference looks like")
    importance: Mapping[str, float] | None = setting("what a column's scores are multiplied by; 1 otherwise")
    derived: bool = setting("judge columns derived from the numbers too", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """A limit on a statistic of a column, or on its p-value."""

    column: str | None = setting('a column, or "*" for every one', required=True)
    statistic: str | None = setting("the statistic that has the limit", required=True)
    limit: float | None = setting("the largest value that is no finding")
    p_value: float | None = setting("in place of a limit: the p-value from which on it is one, such as 0.001")
    clear: float | None = setting("the value that calms an incident again; 0.9 times the limit otherwise")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatienceSettings:
    """How many windows must be breached before an incident opens."""

    k: int = setting("breached windows", 1, required=True)
    of: int | None = setting("among this many windows", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseSettings:
    """How often people may be told at once without a cause."""

    at_most: float = setting("false pages", 1.0)
    per: timedelta = setting("in so much event time", timedelta(days=30))
    hard_cap: bool = setting(
        "once it is spent, tell only what is three times beyond the limit", default=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultSettings:
    """What holds for every monitor that does not say otherwise."""

    false_pages: PromiseSettings | None = setting("the false-alarm budget")
    share: Literal["monitor", "fleet"] = setting(
        "whether each monitor has that budget, or all share it", "monitor"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """How long things are kept, from when a window was judged or an incident ended."""

    full: timedelta | None = setting("counts of windows as they were counted: 35d unless it says so")
    coarse: timedelta | None = setting("counts of windows on coarse grids: 400d unless it says so")
    findings: timedelta | None = setting(
        "verdicts, findings, resolved incidents and what was told: 2y unless it says so"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """What reading one window, or the whole reference, may take before the daemon cuts it off."""

    memory: Size | None = setting("memory, such as 512MiB; 2GiB unless it says so")
    cpu: timedelta | None = setting("time of processors; 5m unless it says so")
    wall: timedelta | None = setting("time of the clock; 10m unless it says so")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """The model that eats what is watched."""

    name: str | None = setting("its name", required=True)
    version: str | None = setting("its version")
    trained_at: Moment | None = setting("when it was trained")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainSettings:
    """When retraining is asked for."""

    trigger: str | None = setting("the trigger to start", required=True)
    when: frozenset[Literal["drift", "stale"]] = setting(
        "kinds of incident that call for it", frozenset({"drift", "stale"})
    )
    after: int = setting("windows that the incident has been open", 1)
    cooldown: timedelta = setting("the shortest time between two requests", timedelta(days=7))


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationSettings:
    """Who else is told of an incident that nobody has taken up."""

    after: timedelta | None = setting("how long after people were told of it, such as 30m", required=True)
    notify: tuple[str, ...] = setting("the channels that are told then", (), required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySettings:
    """A day that is unlike others, or several in a row."""

    date: Moment | None = setting("the day, such as 2013-11-28")
    from_: Moment | None = setting("in place of a date: the first of several days")
    to: Moment | None = setting("the end of these days, exclusive")
    name: str | None = setting("what it is called", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSettings:
    """Days that are expected to be unlike others: what is found on them wakes nobody."""

    days: tuple[DaySettings, ...] = setting("days with their names", ())
    holidays: str | tuple[str, ...] | None = setting(
        "the holidays of a country, such as US, or of a part of it, such as US-NY"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """One thing that is watched."""

    id: Key | None = setting("the stable key of the monitor", required=True)
    title: str | None = setting("its name for people")
    description: str | None = setting("what it is, for people")
    owner: str | None = setting("who looks after it")
    runbook: str | None = setting("the address of the page that says what to do")
    source: SourceSettings | None = setting("where the rows come from", required=True)
    window: timedelta | CronSettings | None = setting(
        "how much event time is judged at once, such as 1d", required=True
    )
    delay: timedelta = setting("how long after a window closes it is read", timedelta(0))
    timezone: Zone = setting("the zone of days, and of times without one", Zone("UTC"))
    missing: tuple[str | float, ...] = setting("values that mean missing", ())
    key: tuple[str, ...] = setting("the columns that make a row unique", ())
    reference: ReferenceSettings | None = setting("what production is compared with", required=True)
    columns: ColumnSettings | None = setting("which columns are judged, and as what")
    calendar: CalendarSettings | None = setting("days that are expected to be unlike others")
    catch_up: CatchUp | None = setting("what to judge of windows missed while down")
    late: timedelta | None = setting("how long rows may still arrive for a judged window")
    rules: tuple[RuleSettings, ...] = setting("explicit limits", ())
    false_pages: PromiseSettings | None = setting("the false-alarm budget: 1 in 30 days unless it says so")
    minimum_effect: Share | None = setting("the share of rows that must be shown to have moved")
    must_see: Share = setting("the share of moved rows that a window must be able to show", Share(0.2))
    patience: int | PatienceSettings = setting("breached windows before an incident opens", 1)
    resolve_after: int = setting("clean complete windows before an incident resolves", 3)
    freshness: Freshness | None = setting("how late rows may be")
    ages: Ages | None = setting("how old the model and the reference may become")
    model: ModelSettings | None = setting("the model that eats what is watched")
    notify: tuple[str, ...] = setting("the channels that are told", ())
    reminders: tuple[timedelta, ...] = setting(
        "how long after the last telling it is told again while it is open; the last one repeats",
        DEFAULT_REMINDERS,
    )
    escalation: tuple[EscalationSettings, ...] = setting(
        "who else is told of what nobody has taken up, in order", ()
    )
    retrain: RetrainSettings | None = setting("when retraining is asked for")
    retention: RetentionSettings | None = setting("how long what was judged is kept, where it differs")
    limits: LimitSettings | None = setting("what reading a window may take, where it differs")
    mode: Literal["live", "shadow"] = setting(
        "shadow: judge and keep, send nothing but a weekly digest", "live"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """The whole file."""

    version: int | None = setting("the version of this format: 1", required=True)
    instance: str = setting("the name of this installation; a store belongs to one", "driftwatch")
    store: StoreSettings | None = setting("where driftwatch remembers", required=True)
    web: WebSettings | None = setting("the pages for people on call")
    channels: Mapping[Key, ChannelSettings] | None = setting("who can be told, by name")
    triggers: Mapping[Key, TriggerSettings] | None = setting("what can start retraining, by name")
    defaults: DefaultSettings | None = setting("what holds for every monitor that does not say otherwise")
    retention: RetentionSettings | None = setting("how long what was judged and told is kept")
    limits: LimitSettings | None = setting("what reading a window may take before it is cut off")
    maintenance: tuple[MaintenanceSettings, ...] = setting("times that come back, when nobody is told", ())
    collapse: bool = setting(
        "tell nothing of an incident that was over before anybody could be told", default=True
    )
    group_wait: timedelta | None = setting(
        "how long what opens waits for other monitors of its source, to be told in one message, such as 30s"
    )
    heartbeat: HeartbeatSettings | None = setting("a watcher that is told that we live")
    digests: tuple[DigestSettings, ...] = setting("what happened in a week, told to owners of monitors", ())
    monitors: tuple[MonitorSettings, ...] = setting("what is watched", (), required=True)
