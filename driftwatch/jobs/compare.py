"""Two batches compared: a reference built from the one, the other counted on its grids and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict, Unpack, get_args

from driftwatch.errors import DataError, UsageError
from driftwatch.incidents.compared import Compared
from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.judge import Judgement, choose_word, judge_columns
from driftwatch.incidents.rules import DEFAULT_MINIMUM_EFFECT, Judging
from driftwatch.jobs.comparison import ColumnComparison, Comparison, KeyComparison
from driftwatch.jobs.counting import build_reference_of, count_batch
from driftwatch.jobs.event_time import recognise_time
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.grid import Kind
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference, Skipped
from driftwatch.profiles.times import TimeColumn, read_times
from driftwatch.sources.frames import open_frame
from driftwatch.sources.readable import Readable

__all__ = ["Options", "compare", "compare_rows", "profile"]

_THREADS = 2


class Options(TypedDict, total=False):
    """What may be said about a comparison; everything else is inferred from the reference.

    `key` names what makes a row unique, `time_column` the event time (one column, or several to join),
    `include` and `exclude` the columns to judge, `kinds` what they are judged as (number, category,
    boolean, time), `missing` further values that mean missing, `timezone` the zone of stamps without one,
    and `minimum_effect` the share of rows, 0 to 1, that must be shown to have moved before it is told.
    """

    key: str | Sequence[str]
    time_column: str | Sequence[str] | None
    include: str | Sequence[str] | None
    exclude: str | Sequence[str]
    kinds: Mapping[str, Kind]
    missing: Sequence[str | float]
    timezone: str
    minimum_effect: float


def compare(reference: Any, current: Any, **options: Unpack[Options]) -> Comparison:
    """Return how the current batch differs from the reference.

    Parameters
    ----------
    reference, current
        pandas frames, pyarrow tables, or paths of CSV, JSON Lines or Parquet files (each also .gz).
    options
        See `Options`.

    Returns
    -------
    Comparison
        Its `verdict` is `drift` when at least one column moved: at least `minimum_effect` of its rows, by
        a bound that is wrong in any column of a comparison with a chance of 1 %.

    Raises
    ------
    SourceError, DataError
        When a file cannot be read, or its rows cannot be used.

    Examples
    --------
    >>> import pyarrow as pa
    >>> usual = pa.table({"amount": [float(x) for x in range(1000)]})
    >>> moved = pa.table({"amount": [float(x + 300) for x in range(1000)]})
    >>> result = compare(usual, moved)
    >>> result.verdict.value, round(result.columns["amount"].ks, 3)
    ('drift', 0.3)
    """
    judging = _read_judging(options)
    return compare_rows(_open(reference), _open(current), _read_options(options), judging)


def profile(rows: Any, reference: Any, **options: Unpack[Options]) -> Profile:
    """Return `rows` as counts on the grids of `reference`; profiles of the same reference add up.

    Both are pandas frames, pyarrow tables or paths; `reference` may be a `Reference` as well.

    >>> import pyarrow as pa
    >>> usual = pa.table({"amount": [1.0, 2.0, 2.0, 3.0]})
    >>> (profile(usual, usual) + profile(usual.slice(0, 1), usual)).columns["amount"].cells.tolist()
    [0, 2, 0, 2, 0, 1, 0]
    """
    chosen = _read_options(options)
    with ThreadPoolExecutor(max_workers=_THREADS) as executor:
        if not isinstance(reference, Reference):
            opened = _open(reference)
            chosen = _settle_time(opened, chosen)
            reference = build_reference_of(opened, chosen, executor)
        return count_batch(reference, _open(rows), chosen, executor)


def compare_rows(
    reference: Readable, current: Readable, options: ColumnOptions, judging: Judging
) -> Comparison:
    """Return how the `current` rows differ from those of the reference."""
    if options.time is not None:
        _check_times(reference, options, options.time)
        _check_times(current, options, options.time)
    settled = _settle_time(reference, options)
    with ThreadPoolExecutor(max_workers=_THREADS) as executor:
        built = build_reference_of(reference, settled, executor)
        counted = count_batch(built, current, settled, executor)
    if options.time is None and settled.time is not None:
        built = replace(
            built, skipped=tuple(_explain_time(skipped, settled.time) for skipped in built.skipped)
        )
    return _conclude(built, counted, settled, judging)


def _settle_time(rows: Readable, options: ColumnOptions) -> ColumnOptions:
    if options.time is not None:
        return options
    return replace(options, time=recognise_time(rows, options))


def _check_times(rows: Readable, options: ColumnOptions, time: TimeColumn) -> None:
    """Raise DataError where the event time that the user names is not there, or holds no times."""
    absent = [name for name in time.columns if name not in rows.columns]
    if absent:
        there = ", ".join(rows.columns[:30])
        raise DataError(f"{rows.path}: the time column {absent[0]!r} is not there; there are: {there}")
    try:
        for table in rows.read_tables(time.columns):
            read_times(table, time, timezone=options.timezone)
    except DataError as error:
        raise DataError(f"{rows.path}: {error}") from None


def _explain_time(skipped: Skipped, time: TimeColumn) -> Skipped:
    if skipped.column not in time.columns:
        return skipped
    return Skipped(column=skipped.column, why="taken as the time column")


def _conclude(reference: Reference, current: Profile, options: ColumnOptions, judging: Judging) -> Comparison:
    usual = reference.total
    if current.rows:
        samples = [] if usual.keys is None else [usual.keys]
        found = judge_columns(usual, current, judging, samples=samples)
        word = choose_word(found.findings)
    else:
        found, word = Judgement(findings=(), compared=Compared()), VerdictWord.NO_DATA
    known = {*reference.grids, *(skipped.column for skipped in reference.skipped)}
    return Comparison(
        verdict=word,
        reference_rows=usual.rows,
        current_rows=current.rows,
        columns={name: _conclude_column(name, usual, current, found) for name in reference.grids},
        findings=found.findings,
        skipped=reference.skipped,
        extra=tuple(sorted(current.extra - known)),
        keys=KeyComparison(columns=options.key, reference=usual.keys, current=current.keys)
        if options.key
        else None,
    )


def _conclude_column(name: str, usual: Profile, current: Profile, found: Judgement) -> ColumnComparison:
    findings = tuple(finding for finding in found.findings if finding.column == name)
    return ColumnComparison(
        column=name,
        verdict=choose_word(findings) if current.rows else VerdictWord.NO_DATA,
        reference=usual.columns[name],
        current=None if name in current.absent else current.columns[name],
        statistics=found.compared.statistics.get(name, {}),
        moved_share=found.compared.moved_shares.get(name),
        findings=findings,
    )


def _open(rows: Any) -> Readable:
    if isinstance(rows, str | Path):
        from driftwatch.sources.formats import open_file

        return open_file(str(rows))
    return open_frame(rows)


def _read_options(options: Options) -> ColumnOptions:
    include, time = options.get("include"), options.get("time_column")
    kinds = options.get("kinds", {})
    for name, kind in kinds.items():
        if kind not in get_args(Kind):
            raise UsageError(
                f"kinds: {name!r} cannot be {kind!r}; a column is one of {', '.join(get_args(Kind))}"
            )
    return ColumnOptions(
        include=None if include is None else _list_names(include),
        exclude=_list_names(options.get("exclude", ())),
        kinds=kinds,
        key=_list_names(options.get("key", ())),
        time=None if not time else TimeColumn(columns=_list_names(time)),
        missing=tuple(options.get("missing", ())),
        timezone=options.get("timezone", "UTC"),
    )


def _list_names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _read_judging(options: Options) -> Judging:
    effect = options.get("minimum_effect", DEFAULT_MINIMUM_EFFECT)
    if not 0 <= effect < 1:
        raise UsageError(f"the minimum effect is a share of rows from 0 to below 1, not {effect}")
    return Judging(minimum_effect=effect)
