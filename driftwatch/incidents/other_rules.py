"""Another tool's rule, in a line of text, put to the statistics of a window.

`any psi > 0.2`, `amount psi > 0.2`, `"a name with blanks" ks >= 0.1`, `share(psi > 0.1) >= 0.5`: any column,
one column, or so large a share of the columns beyond a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from driftwatch.errors import UsageError
from driftwatch.incidents.backtest import Outcome
from driftwatch.incidents.finding import Finding, FindingKind, Verdict
from driftwatch.incidents.judge import choose_word
from driftwatch.incidents.phrases import say_breach
from driftwatch.incidents.words import join_words
from driftwatch.profiles.window import Window
from driftwatch.statistics.catalogue import entries

__all__ = ["OtherRule", "Values", "find_limit", "judge_by_rule", "parse_rule"]

_TOKEN = re.compile(r'\s*("[^"]*"|[()]|>=|>|[^\s()>"]+)')
_EXAMPLES = '"any psi > 0.2", "amount psi > 0.2" or "share(psi > 0.1) >= 0.5"'
_ANY, _SHARE = "any", "share"
_LISTED = 12
_TRIED = 40
"""Limits that are tried at most."""

Values = Mapping[str, float]
"""Column → the value of the rule's statistic in one window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRule:
    """A window is beyond it when a column's `statistic` is above `limit`; or at it, where `or_at`.

    `column` None means any column. With `share` at least, or more than, such a share of the columns has to
    be; `share_or_at` says which.
    """

    column: str | None
    statistic: str
    limit: float
    or_at: bool = False
    share: float | None = None
    share_or_at: bool = True


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int


class _Words:
    """The words of a rule, taken one by one; what does not fit is refused with its place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[_Token] = []
        at = 0
        while found := _TOKEN.match(text, at):
            self._tokens.append(_Token(found[1], found.start(1)))
            at = found.end()
        self._tokens.append(_Token(text[at:].strip(), at + len(text[at:]) - len(text[at:].lstrip())))
        self._next = 0

    def take(self, what: str) -> _Token:
        token = self._tokens[self._next]
        if not token.text:
            raise self.refuse(token, what)
        self._next += 1
        return token

    def peek(self, ahead: int = 0) -> str:
        place = self._next + ahead
        return self._tokens[place].text if place < len(self._tokens) else ""

    def take_sign(self) -> bool:
        token = self.take("> or >=")
        if token.text not in {">", ">="}:
            raise self.refuse(token, "> or >=")
        return token.text == ">="

    def take_number(self) -> float:
        token = self.take("a number")
        try:
            number = float(token.text)
        except ValueError:
            raise self.refuse(token, "a number") from None
        if not 0 <= number < float("inf"):
            raise self.refuse(token, "a number from 0 on")
        return number

    def take_statistic(self) -> str:
        known = {found.name for found in entries()}
        token = self.take("a statistic")
        if token.text not in known:
            raise self.refuse(token, f"a statistic ({', '.join(sorted(known))})")
        return token.text

    def take_this(self, wanted: str) -> None:
        token = self.take(wanted)
        if token.text != wanted:
            raise self.refuse(token, wanted)

    def end(self) -> None:
        token = self._tokens[self._next]
        if token.text:
            raise self.refuse(token, "the end")

    def refuse(self, token: _Token, wanted: str) -> UsageError:
        found = repr(token.text) if token.text else "nothing"
        return UsageError(
            f"the rule {self._text!r} wants {wanted} at place {token.at + 1}, where it has {found}; "
            f"write {_EXAMPLES}"
        )


def parse_rule(text: str, columns: Collection[str]) -> OtherRule:
    """Return the rule that `text` says. Raises UsageError with the place that is not understood.

    Parameters
    ----------
    text
        `any STATISTIC > NUMBER`, `COLUMN STATISTIC > NUMBER` or `share(STATISTIC > NUMBER) >= SHARE`; `>=` in
        place of `>` everywhere. A column's name that is no single word, or is "any", stands in double quotes.
    columns
        Those that are judged.

    Examples
    --------
    >>> rule = parse_rule("any psi > 0.2", ["amount"])
    >>> rule.column, rule.statistic, rule.limit
    (None, 'psi', 0.2)
    """
    words = _Words(text)
    if words.peek() == _SHARE and words.peek(1) == "(":
        rule = _parse_share(words)
    else:
        column = _take_column(words, columns)
        statistic = words.take_statistic()
        or_at = words.take_sign()
        rule = OtherRule(column=column, statistic=statistic, limit=words.take_number(), or_at=or_at)
    words.end()
    return rule


def _take_column(words: _Words, columns: Collection[str]) -> str | None:
    token = words.take("any, share(…) or a column")
    if token.text == _ANY:
        return None
    name = token.text.strip('"')
    if name not in columns:
        raise words.refuse(token, f"any, share(…) or a column that is judged ({_list(columns)})")
    return name


def _list(columns: Collection[str]) -> str:
    return join_words(list(columns), at_most=_LISTED)


def _parse_share(words: _Words) -> OtherRule:
    words.take_this(_SHARE)
    words.take_this("(")
    statistic = words.take_statistic()
    or_at = words.take_sign()
    limit = words.take_number()
    words.take_this(")")
    share_or_at = words.take_sign()
    share = words.take_number()
    return OtherRule(
        column=None, statistic=statistic, limit=limit, or_at=or_at, share=share, share_or_at=share_or_at
    )


def judge_by_rule(rule: OtherRule, window: Window, values: Values) -> Verdict:
    """Return what a rule says of a window in which its statistic has these values."""
    known = {name: value for name, value in values.items() if rule.column in {None, name}}
    beyond = {name: value for name, value in known.items() if _exceeds(value, rule.limit, or_at=rule.or_at)}
    if rule.share is not None and (
        not known or not _exceeds(len(beyond) / len(known), rule.share, or_at=rule.share_or_at)
    ):
        beyond = {}
    findings = tuple(
        Finding(
            column=name,
            kind=FindingKind.DRIFT,
            statistic=rule.statistic,
            value=value,
            limit=rule.limit,
            text=say_breach(name, rule.statistic, value, rule.limit),
        )
        for name, value in sorted(beyond.items(), key=lambda item: -item[1])
    )
    return Verdict(
        window=window,
        word=choose_word(findings),
        rows=None,
        findings=findings,
        statistics={name: {} for name in known},
    )


def _exceeds(value: float, limit: float, *, or_at: bool) -> bool:
    return value > limit or (or_at and value == limit)


def find_limit(
    rule: OtherRule, past: Sequence[Values], replay: Callable[[OtherRule], Outcome], *, at_most: float
) -> float | None:
    """Return the smallest limit, to two digits, with which a rule pages no more than `at_most` times.

    Parameters
    ----------
    rule, past
        The rule, and the values of its statistic in the windows of the past.
    replay
        Returns what a rule comes to.
    at_most
        Pages, 0 and up.

    Returns
    -------
    float or None
        None where even the highest value of all, as a limit, pages more often. Limits are tried from there
        on downwards, to where one pages too often or is exceeded in half of the windows: such a rule pages
        seldom because its incident never ends.
    """
    highest = {max(values.values()) for values in past if values}
    limits = sorted({_round_up(value) for value in highest}, reverse=True)
    fitted = None
    for limit in limits[:: max(1, math.ceil(len(limits) / _TRIED))]:
        outcome = replay(replace(rule, limit=limit))
        if len(outcome.pages) > at_most or len(outcome.above) * 2 > outcome.windows:
            break
        fitted = limit
    return fitted


def _round_up(value: float) -> float:
    """Return `value` rounded up to two digits.

    >>> _round_up(0.1234), _round_up(0.0)
    (0.13, 0.0)
    """
    if value <= 0:
        return 0.0
    digits = 1 - math.floor(math.log10(value))
    scale = 10.0**digits
    return float(round(math.ceil(round(value * scale, 9)) / scale, max(0, digits)))
