"""A comparison as HTML for notebooks: self-contained, without scripts, for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.words import say_percent
from driftwatch.jobs.comparison import ColumnComparison, Comparison
from driftwatch.profiles.outline import draw_outline

__all__ = ["write_html"]

_STYLE = """
.driftwatch{color:inherit;background:transparent;font:13px/1.5 system-ui,sans-serif;
--dw-usual:#6b7280;--dw-now:#2563eb;--dw-drift:#b91c1c;--dw-data:#b45309;--dw-ok:#15803d}
@media (prefers-color-scheme:dark){.driftwatch{--dw-usual:#9ca3af;--dw-now:#60a5fa;
--dw-drift:#f87171;--dw-data:#fbbf24;--dw-ok:#4ade80}}
body[data-jp-theme-light="true"] .driftwatch{--dw-usual:#6b7280;--dw-now:#2563eb;
--dw-drift:#b91c1c;--dw-data:#b45309;--dw-ok:#15803d}
body[data-jp-theme-light="false"] .driftwatch{--dw-usual:#9ca3af;--dw-now:#60a5fa;
--dw-drift:#f87171;--dw-data:#fbbf24;--dw-ok:#4ade80}
.driftwatch table{border-collapse:collapse;background:transparent}
.driftwatch th,.driftwatch td{padding:2px 10px;text-align:left;color:inherit;background:transparent;
border-bottom:1px solid rgba(128,128,128,.3)}
.driftwatch .n{text-align:right;font-variant-numeric:tabular-nums}
.driftwatch .drift{color:var(--dw-drift)}.driftwatch .data{color:var(--dw-data)}
.driftwatch .ok{color:var(--dw-ok)}
.driftwatch .usual{fill:var(--dw-usual)}.driftwatch .now{fill:var(--dw-now)}
"""
_MARKS = {VerdictWord.DRIFT: "✗", VerdictWord.DATA: "!", VerdictWord.OK: "✓"}
_HEAD = ("column", "kind", "reference", "current", "KS", "PSI", "moved ≥", "missing", "verdict")
_HEIGHT = 24
_WIDTH = 8


def write_html(comparison: Comparison) -> str:
    """Return a table of the columns with a picture of both sides, and what was found under it."""
    rows = "".join(_write_row(column) for column in comparison.columns.values())
    head = "".join(f"<th>{escape(title)}</th>" for title in _HEAD)
    found = _write_list("Found", (finding.text for finding in comparison.findings))
    skipped = _write_list("Not judged", (f"{s.column}: {s.why}" for s in comparison.skipped))
    gaps = _write_list("Not known", comparison.gaps)
    extra = _write_list("Only in the current rows", comparison.extra)
    return (
        f'<div class="driftwatch"><style>{_STYLE}</style>'
        f"<p><strong>{escape(comparison.summary)}</strong></p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{found}{skipped}{gaps}{extra}</div>"
    )


def _write_row(column: ColumnComparison) -> str:
    outline = draw_outline(column.reference, column.current)
    word = column.verdict
    cells = (
        f"<td>{escape(column.column)}</td>",
        f"<td>{escape(column.kind)}</td>",
        f"<td>{_draw_bars(outline.reference.tolist(), outline.highest, 'usual', 'reference')}</td>",
        f"<td>{_draw_bars(outline.current.tolist(), outline.highest, 'now', 'current')}</td>",
        f'<td class="n">{_write_value(column, "ks")}</td>',
        f'<td class="n">{_write_value(column, "psi")}</td>',
        f'<td class="n">{_write_share(column.moved_share)}</td>',
        f'<td class="n">{_write_share(column.current_missing_share)}</td>',
        f'<td class="{word.value}">{_MARKS.get(word, "·")} {word.value}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _draw_bars(shares: Sequence[float], top: float, side: str, title: str) -> str:
    bars = "".join(
        f'<rect class="{side}" x="{place * _WIDTH}" y="{_HEIGHT - height:.1f}" '
        f'width="{_WIDTH - 1}" height="{height:.1f}"/>'
        for place, height in enumerate(_HEIGHT * share / top if top else 0.0 for share in shares)
    )
    width = len(shares) * _WIDTH
    return (
        f'<svg role="img" aria-label="{title}" width="{width}" height="{_HEIGHT}" '
        f'viewBox="0 0 {width} {_HEIGHT}">{bars}</svg>'
    )


def _write_value(column: ColumnComparison, statistic: str) -> str:
    found = column.statistics.get(statistic)
    return "–" if found is None or found.value is None else f"{found.value:.3f}"


def _write_share(share: float | None) -> str:
    return "–" if not share else say_percent(share)


def _write_list(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p>{escape(title)}</p><ul>{items}</ul>" if items else ""
