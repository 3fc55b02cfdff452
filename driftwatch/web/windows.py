"""Windows as a strip of marks: every verdict has a shape and a word of its own, and a colour beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime  # noqa: F401 - the example uses them.
from itertools import groupby
from typing import Final

from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.words import join_words
from driftwatch.store.verdicts import Glance

__all__ = ["PAUSED", "SHAPES", "Shape", "Strip", "build_strip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a verdict looks: one character, its word for people, and the name of its colour."""

    mark: str
    word: str
    tone: str


SHAPES: Final = {
    VerdictWord.OK: Shape(mark="●", word="ok", tone="calm"),
    VerdictWord.DRIFT: Shape(mark="▲", word="drift", tone="bad"),
    VerdictWord.DATA: Shape(mark="◆", word="faulty data", tone="bad"),
    VerdictWord.THIN: Shape(mark="∙", word="too few rows", tone="quiet"),
    VerdictWord.PARTIAL: Shape(mark="◐", word="partial", tone="warn"),
    VerdictWord.NOT_EVALUATED: Shape(mark="⊘", word="not evaluated", tone="warn"),
    VerdictWord.NO_DATA: Shape(mark="○", word="no data", tone="warn"),
    VerdictWord.ERROR: Shape(mark="✖", word="error", tone="bad"),
}


PAUSED: Final = Shape(mark="‖", word="paused", tone="warn")
"""How a monitor looks that nobody judges for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The latest windows of a monitor, oldest first: runs of marks with their tone, and all in words."""

    runs: tuple[tuple[str, str], ...]
    words: str


def build_strip(glances: Sequence[Glance]) -> Strip:
    """Return the marks of windows in order.

    >>> from datetime import UTC, datetime
    >>> from driftwatch.profiles.window import Window
    >>> window = Window(start=datetime(2013, 2, 8, tzinfo=UTC), end=datetime(2013, 2, 9, tzinfo=UTC))
    >>> words = ["ok", "ok", "drift", "no_data"]
    >>> strip = build_strip([Glance(window=window, word=VerdictWord(word)) for word in words])
    >>> strip.runs, strip.words
    ((('calm', '●●'), ('bad', '▲'), ('warn', '○')), 'the last 4 windows: 2 ok, 1 drift and 1 no data')
    """
    shapes = [SHAPES[one.word] for one in glances]
    runs = tuple(
        (tone, "".join(shape.mark for shape in group)) for tone, group in groupby(shapes, lambda s: s.tone)
    )
    counted = Counter(shape.word for shape in shapes)
    said = join_words([f"{count} {word}" for word, count in counted.most_common()], at_most=len(counted))
    span = "the last window" if len(shapes) == 1 else f"the last {len(shapes)} windows"
    return Strip(runs=runs, words=f"{span}: {said}" if shapes else "no window was judged yet")
