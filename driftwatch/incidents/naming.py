"""What to call the members of an incident, and what is wrong with the data in them, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from driftwatch.incidents.incident import IncidentKind, Label, Member, rank_members
from driftwatch.incidents.words import join_words, say_odds, say_percent, shorten

__all__ = ["GIVEN_UP", "LABEL_WORDS", "name_member", "name_members", "say_breached", "say_fault"]

LABEL_WORDS = {
    Label.EXPECTED: "expected: its windows count as ordinary",
    Label.DRIFT: "real drift: its windows never count as ordinary",
    Label.BAD_DATA: "bad data: its windows never count as ordinary",
}
"""What a person says with each label, and what follows from it."""

GIVEN_UP = "given_up"
"""What a member is about that stands for windows that were never judged."""

_LONGEST_NAME = 80
_WHOLE = {
    "missing": "missing values",
    "unseen": "unseen values",
    "range": "values out of range",
    "repeated_keys": "repeated keys",
    "repeated_window": "a repeated window",
    "volume": "the number of rows",
    "freshness": "rows that have not arrived",
    "evaluation": "windows that cannot be judged",
    GIVEN_UP: "windows that were given up",
}


def name_member(member: Member) -> str:
    """Return what to call a member in a sentence."""
    if member.column is None:
        return _WHOLE.get(member.about, member.about)
    return shorten(member.column, _LONGEST_NAME)


def name_members(members: Sequence[Member], *, at_most: int = 3) -> str:
    """Return what to call these members in a sentence."""
    return join_words([name_member(member) for member in members], at_most=at_most)


def say_fault(member: Member) -> str:
    """Return what is wrong with the data of a member, as a clause without a full stop."""
    name = name_member(member)
    much = _say_much(member)
    clauses = {
        "missing": f"{name} is missing{much}",
        "unseen": f"{name} holds values that the reference never had{much}",
        "range": f"{name} holds values beyond any in the reference{much}",
        "column_missing": f"the column {name} has vanished",
        "type_changed": f"the column {name} holds another type of value",
        "repeated_keys": f"keys that must be unique are repeated{much}",
        "repeated_window": "the rows are those of an earlier window once more",
        "volume": "the number of rows is unusual",
    }
    return clauses.get(member.about, name)


def say_breached(members: tuple[Member, ...], kind: IncidentKind) -> str:
    """Return that these members of a drift or data incident are breached, without a full stop."""
    ranked = rank_members(members)
    if kind is IncidentKind.DATA:
        return f"Faulty data: {join_words([say_fault(member) for member in ranked])}"
    if len(ranked) == 1:
        return f"{name_member(ranked[0])} is beyond its limit"
    return f"{name_members(ranked)} are beyond their limits"


def _say_much(member: Member) -> str:
    share = member.value if member.statistic.endswith("_share") else member.moved_share
    if share is None or not 0 < share <= 1:
        return ""
    return f" in {say_odds(share)} rows" if share < 0.35 else f" in {say_percent(share)} of the rows"
