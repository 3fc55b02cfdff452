"""Settings without mistakes into the values that jobs run on."""

from __future__ import annotations

from typing import TypeVar

from driftwatch.config.fingerprints import build_fingerprint, build_identity, fingerprint_source
from driftwatch.config.limits import build_limits
from driftwatch.config.promises import build_budget, has_budget, is_beside, resolve_promise
from driftwatch.config.resolving import resolve_moment, resolve_schedule, resolve_time
from driftwatch.config.retention import build_retention
from driftwatch.config.settings import FileSettings, MonitorSettings, PatienceSettings, ReferenceSettings
from driftwatch.config.special_days import build_special_days
from driftwatch.config.values import Share
from driftwatch.incidents.policy import Ages, EscalationStep, Freshness, Patience, Policy
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT, Judging, Rule
from driftwatch.jobs.monitor import CatchUp, Excluded, Model, Monitor, ReferenceSpec, Rolling
from driftwatch.jobs.windows import Schedule, season_cycle
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.retraining.policy import RetrainPolicy

__all__ = ["build_monitor", "need"]

_T = TypeVar("_T")


def need(value: _T | None) -> _T:
    """Return a value that reading has made sure is there."""
    if value is None:
        raise TypeError("a required setting was not read before building")
    return value


def build_monitor(settings: MonitorSettings, file: FileSettings) -> Monitor:
    """Return the monitor that checked `settings` describe, one of those in `file`."""
    source = need(settings.source)
    schedule = need(resolve_schedule(settings))
    columns = _build_columns(settings)
    return Monitor(
        id=need(settings.id),
        source=source.value,
        schedule=schedule,
        reference=_build_reference(settings, schedule),
        identity=build_identity(source.kind, source.value, schedule, columns),
        fingerprint=build_fingerprint(settings, resolve_promise(settings, file)),
        title=settings.title,
        description=settings.description,
        owner=settings.owner,
        runbook=settings.runbook,
        delay=settings.delay,
        timezone=settings.timezone,
        columns=columns,
        catch_up=settings.catch_up or CatchUp(),
        late=settings.late,
        judging=_build_judging(settings, schedule, file),
        policy=_build_policy(settings, schedule),
        model=_build_model(settings),
        notify=settings.notify,
        retrain=_build_retrain(settings),
        mode=settings.mode,
        special_days=build_special_days(settings.calendar),
        retention=build_retention(file.retention, settings.retention),
        limits=build_limits(file.limits, settings.limits),
    )


def _build_columns(settings: MonitorSettings) -> ColumnOptions:
    columns = settings.columns
    return ColumnOptions(
        include=columns.include if columns else None,
        exclude=columns.exclude if columns else (),
        kinds=(columns.kinds if columns else None) or {},
        key=settings.key,
        time=resolve_time(need(settings.source)),
        missing=settings.missing,
        timezone=settings.timezone,
        derived=columns.derived if columns else False,
    )


def _build_reference(settings: MonitorSettings, schedule: Schedule) -> ReferenceSpec:
    reference = need(settings.reference)
    zone, other = settings.timezone, reference.source
    excluded = tuple(
        Excluded(
            start=resolve_moment(need(one.from_), zone),
            end=resolve_moment(need(one.to), zone),
            why=need(one.why),
        )
        for one in reference.except_
    )
    return ReferenceSpec(
        start=resolve_moment(reference.from_, zone) if reference.from_ else None,
        end=resolve_moment(reference.to, zone) if reference.to else None,
        excluded=excluded,
        source=other.value if other else None,
        source_fingerprint=fingerprint_source(other.kind, other.value) if other else "",
        rolling=None if is_beside(reference) else _build_rolling(reference, schedule),
        beside=_build_rolling(reference, schedule) if is_beside(reference) else None,
    )


def _build_rolling(reference: ReferenceSettings, schedule: Schedule) -> Rolling | None:
    if reference.last is None:
        return None
    return Rolling(
        last=reference.last, gap=season_cycle(schedule) if reference.gap is None else reference.gap
    )


def _build_judging(settings: MonitorSettings, schedule: Schedule, file: FileSettings) -> Judging:
    rules = tuple(
        Rule(
            column=need(rule.column),
            statistic=need(rule.statistic),
            limit=rule.limit,
            p_value=rule.p_value,
            clear=rule.clear,
        )
        for rule in settings.rules
    )
    effect = settings.minimum_effect
    # Whoever writes limits without a budget or an effect wants to be told by these limits alone.
    if effect is None and has_budget(settings):
        effect = Share(DEFAULT_MINIMUM_EFFECT)
    return Judging(minimum_effect=effect, rules=rules, budget=build_budget(settings, schedule, file))


def _build_policy(settings: MonitorSettings, schedule: Schedule) -> Policy:
    patience = settings.patience
    k, of = (
        (patience.k, need(patience.of)) if isinstance(patience, PatienceSettings) else (patience, patience)
    )
    return Policy(
        patience=Patience(k=k, of=of),
        resolve_after=settings.resolve_after,
        freshness=settings.freshness or Freshness(),
        ages=settings.ages or Ages(),
        season=season_cycle(schedule),
        reminders=settings.reminders,
        escalation=tuple(
            EscalationStep(after=need(step.after), notify=step.notify) for step in settings.escalation
        ),
        importance=dict((settings.columns.importance if settings.columns else None) or {}),
    )


def _build_model(settings: MonitorSettings) -> Model | None:
    if settings.model is None:
        return None
    trained = settings.model.trained_at
    return Model(
        name=need(settings.model.name),
        version=settings.model.version,
        trained_at=resolve_moment(trained, settings.timezone) if trained else None,
    )


def _build_retrain(settings: MonitorSettings) -> RetrainPolicy | None:
    if settings.retrain is None:
        return None
    return RetrainPolicy(
        trigger=need(settings.retrain.trigger),
        when=frozenset(settings.retrain.when),
        after=settings.retrain.after,
        cooldown=settings.retrain.cooldown,
    )
