"""The words that pages use, each in a sentence or two: a ? beside a word leads there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["TERMS", "Term"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word, the anchor that leads to it, and what it means."""

    anchor: str
    word: str
    means: str


def _explain(anchor: str, word: str, means: str) -> Term:
    return Term(anchor=anchor, word=word, means=means)


TERMS: Final = (
    _explain(
        "monitor",
        "monitor",
        "One source of rows that is watched: a table, files, an address. Everything else on these pages "
        "belongs to a monitor.",
    ),
    _explain(
        "window",
        "window",
        "A stretch of time, such as a day, whose rows are counted and judged together, once it is over "
        "and its delay has passed.",
    ),
    _explain(
        "reference",
        "reference",
        "What windows are compared with: counts of rows from a time when all was well. It is kept in "
        "versions, of which one judges; its rows are not kept.",
    ),
    _explain(
        "verdict",
        "verdict",
        "What was found of a window: ok, drift, faulty data, or why it could not be judged. Only a whole "
        "window that is ok calms an incident.",
    ),
    _explain(
        "clean",
        "clean window",
        "Of an incident: a window in which everything that takes part in it is clearly below its limit. A "
        "window that is only just below it is ok and not clean: otherwise what wanders about its limit would "
        "open an incident and resolve it again and again.",
    ),
    _explain(
        "freshness",
        "freshness",
        "An incident because rows that are due have not arrived. It ends when they do.",
    ),
    _explain(
        "staleness",
        "stale",
        "An incident because a model, or the rows that it is compared with, are older than allowed.",
    ),
    _explain(
        "evaluation",
        "evaluation",
        "An incident because windows could not be read or judged. Nothing is known of the data meanwhile.",
    ),
    _explain(
        "drift",
        "drift",
        "The values of a column are spread differently from the reference. That is no proof of worse "
        "predictions: it says that the model sees something that it did not learn from.",
    ),
    _explain(
        "moved-share",
        "rows moved, at least",
        "The part of the rows that must have other values for the difference to come about, as far as can "
        "be shown and not by chance. 10 % is one row in ten.",
    ),
    _explain(
        "ks",
        "KS",
        "The largest gap between the two curves that say which part of the rows lies below a value. 0 is "
        "no difference, 1 is nothing in common. It sees where values moved to, and has no meaning for "
        "categories.",
    ),
    _explain(
        "psi",
        "PSI",
        "The population stability index: values are sorted into ten bins of the reference, and the shares "
        "of the bins are compared. 0 is no difference; many take 0.1 for a little and 0.25 for a lot.",
    ),
    _explain(
        "score",
        "score and limit",
        "How unusual a window is among those before it, and from where on people are told. The limit is "
        "chosen from history so that false pages stay as rare as was promised.",
    ),
    _explain(
        "calibrated",
        "calibrated, provisional, uncalibrated",
        "Whether the promise of few false pages can be kept: with enough history, with too little so far, "
        "or not at all because the reference has no time.",
    ),
    _explain(
        "false-pages",
        "false-alarm budget",
        "How often people are ready to be told for nothing, such as once in 30 days, over all columns "
        "together. Limits follow from it.",
    ),
    _explain(
        "incident",
        "incident",
        "Something that began in one window and lasts: all columns that moved together are one incident, "
        "not many. It is open until it has been calm for long enough.",
    ),
    _explain(
        "severity",
        "minor, major, critical",
        "Minor is recorded and told to nobody. Major is told. Critical makes predictions meaningless: a "
        "column is gone, half of the rows moved, no rows come at all.",
    ),
    _explain(
        "acknowledge",
        "acknowledge",
        "I am looking at it. Reminders and escalations stop for up to 7 days; it stays open, and people "
        "are told again if it gets worse.",
    ),
    _explain(
        "snooze",
        "snooze",
        "Not now. Nobody is reminded of this one incident for a while; nobody has taken it up either.",
    ),
    _explain(
        "silence",
        "silence",
        "Nobody hears of whatever fits, such as a monitor during a migration, for a while: of what is "
        "open and of what opens meanwhile. It is judged and kept all the same; what is still open at the "
        "end is told.",
    ),
    _explain(
        "resolve",
        "resolve",
        "It is over. That is refused while the last window still shows it: it would open again with the "
        "next.",
    ),
    _explain(
        "label",
        "label",
        "What it was, said afterwards: expected, drift or bad data. It teaches which windows are "
        "ordinary, and what it cost of the false-alarm budget.",
    ),
    _explain(
        "accept",
        "accept as the new normal",
        "The data will be like this from now on: the columns of the incident get its own windows as their "
        "reference. Another history begins, and what is open ends. It can be rolled back.",
    ),
    _explain(
        "pause",
        "pause",
        "A monitor is not judged at all for a while, and is shown as paused. What fell due meanwhile is "
        "judged afterwards as catch_up says.",
    ),
    _explain(
        "retrain",
        "retraining",
        "The model's own pipeline is asked to train it again, through a trigger. It is not asked while "
        "the data is faulty: that would be learned.",
    ),
    _explain(
        "delivery",
        "delivery",
        "One message to one channel, tried until it arrives or cannot. It is queued together with what it "
        "tells, so that nothing is told that was not kept, and nothing kept is forgotten to be told.",
    ),
    _explain(
        "shadow",
        "shadow mode",
        "Everything is judged and kept, and nobody is told but by a digest once a week.",
    ),
    _explain(
        "history",
        "history",
        "A row of windows that were judged by the same reference on the same data. Another reference, or "
        "other data, begins a new one; the former stands still and is kept.",
    ),
)
"""The words, in the order in which somebody new would ask for them."""
