"""What a retraining policy allows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.incidents.incident import IncidentKind
from driftwatch.retraining.policy import RetrainPolicy, describe_policy


def test_the_defaults() -> None:
    policy = RetrainPolicy(trigger="ci")

    assert policy.when == {"drift", "stale"}
    assert IncidentKind.DRIFT in RetrainPolicy(trigger="ci", when=frozenset({"drift"})).when
    assert (policy.after, policy.cooldown) == (1, timedelta(days=7))


@pytest.mark.parametrize("kind", ["performance", "data", "freshness", "evaluation", "Drift"])
def test_other_kinds_are_refused_with_the_possible_ones(kind: str) -> None:
    with pytest.raises(ValueError, match=f"when {kind} is not possible; possible are: drift, stale"):
        RetrainPolicy(trigger="ci", when=frozenset({"drift", kind}))


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one kind"):
        RetrainPolicy(trigger="ci", when=frozenset())
    with pytest.raises(ValueError, match="`after` of at least 1"):
        RetrainPolicy(trigger="ci", after=0)
    with pytest.raises(ValueError, match="not negative"):
        RetrainPolicy(trigger="ci", cooldown=timedelta(seconds=-1))


def test_the_sentence_of_a_policy() -> None:
    assert describe_policy(RetrainPolicy(trigger="ci", cooldown=timedelta(0))) == (
        "Retraining is asked for when a drift or stale incident has been open for 1 window and the "
        "data is in order."
    )
