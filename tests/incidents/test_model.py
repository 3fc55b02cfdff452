"""The drift incident against a small model of its own: whatever happens, what is promised holds.

The model knows windows by what they say (clean, near its limit, breached, worse, nothing) and counts; it
shares no code with the machine. Policies change, people act and the process starts anew in between.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from driftwatch.errors import UsageError
from driftwatch.incidents import by_hand
from driftwatch.incidents.advance import advance
from driftwatch.incidents.codec import decode_incident, encode_incident
from driftwatch.incidents.finding import FindingKind, Near
from driftwatch.incidents.flapping import Flaps, count_flaps, settle
from driftwatch.incidents.gate import Telling, decide_sending
from driftwatch.incidents.incident import (
    Advance,
    Incident,
    IncidentKind,
    IncidentState,
    NoticeType,
    Severity,
    Transition,
)
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.reminding import lapse, remind
from driftwatch.incidents.silences import Hide
from tests.support.incidents import DELAY, day, make_policy, make_verdict

REMINDERS = (timedelta(days=1), timedelta(days=2))
WORDS = {"clean": ".", "near": ".", "breached": "a", "worse": "A", "error": "E", "none": "N", "given up": "G"}
NOTHING = frozenset({"error", "none", "given up"})
POLICIES = st.builds(
    lambda k, more, clean: make_policy(k=k, of=k + more, resolve_after=clean),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 3),
)


class IncidentModel(RuleBasedStateMachine):
    """One axis of one monitor, window by window."""

    @initialize(policy=POLICIES)
    def start(self, policy: Policy) -> None:
        self.policy = policy
        self.window = 0
        self.last: Incident | None = None
        self.steps: list[Transition] = []
        self.judged: list[datetime] = []
        self.silent_until = day(1).start
        # The model's own account.
        self.recent: list[bool] = []
        self.clean = 0
        self.is_open = False
        self.worst = Severity.MINOR
        self.openings = 0

    @property
    def now(self) -> datetime:
        return day(max(1, self.window)).end + DELAY

    @property
    def live(self) -> Incident | None:
        return self.last if self.last is not None and self.last.is_live else None

    @rule(word=st.sampled_from(sorted(WORDS)), telling=st.sampled_from([True, True, True, False]))
    def see(self, word: str, telling: bool) -> None:
        self.window += 1
        before = self.live
        verdict = make_verdict(self.window, WORDS[word])
        if word == "near":
            verdict = replace(verdict, near=(Near(column="a", kind=FindingKind.DRIFT),))
        flaps = Flaps()
        if word not in NOTHING:
            self.judged.append(verdict.window.start)
            flaps = count_flaps(self.last, self.judged)
        step = advance(
            before,
            verdict,
            self.policy,
            kind=IncidentKind.DRIFT,
            monitor="flights",
            now=self.now,
            telling=telling,
            flaps=flaps,
        )
        self._take(step, before)
        if step.incident is None and self.last and flaps.flapping and flaps.is_stable and word not in NOTHING:
            self._take(
                settle(Advance(incident=self.last), window=verdict.window, now=self.now, telling=telling),
                self.last,
            )
        self._reckon(word, before)
        if not telling:
            assert all(one.tells is None for one in step.transitions)
        if word in NOTHING:
            assert step.transitions == ()
            if before is not None and self.last is not None:
                assert replace(before, seen_to=verdict.window) == self.last

    def _reckon(self, word: str, before: Incident | None) -> None:
        """Keep the model's account of a window, and hold the machine to it."""
        if word in NOTHING or (word == "near" and (before is not None or not self.is_open)):
            return
        breached = word in {"breached", "worse"}
        severity = Severity.CRITICAL if word == "worse" else Severity.MAJOR
        if self.is_open:
            self.clean = 0 if breached else self.clean + 1
            self.worst = max(self.worst, severity) if breached else self.worst
            if self.clean >= self.policy.resolve_after:
                self.is_open, self.recent, self.clean = False, [], 0
        elif breached or self.recent:
            self.worst = (
                max(self.worst, severity)
                if breached and any(self.recent)
                else severity
                if breached
                else self.worst
            )
            self.recent = [*self.recent, breached][-self.policy.patience.of :]
            if sum(self.recent) >= self.policy.patience.k:
                self.is_open, self.clean = True, 0
                self.openings += 1
            elif not any(self.recent[1:] if len(self.recent) == self.policy.patience.of else self.recent):
                self.recent = []
        assert (self.live is not None and self.live.is_open) == self.is_open
        if self.is_open and self.live is not None:
            assert self.live.clean == self.clean
            assert self.live.severity is self.worst

    def _take(self, step: Advance, before: Incident | None) -> None:
        if step.incident is None:
            return
        is_new = before is None
        first = 1 if is_new else (before.seq if before else 0) + 1
        numbers = [one.seq for one in step.transitions]
        assert numbers == list(range(first, first + len(numbers)))
        assert sum(one.tells is not None for one in step.transitions) <= 1
        if before is not None and before.is_open and step.incident.is_open:
            assert step.incident.severity >= before.severity
        self.steps = [*([] if is_new else self.steps), *step.transitions]
        self.last = step.incident

    @precondition(lambda self: self.live is not None)
    @rule(days=st.integers(1, 9), what=st.sampled_from(["acknowledge", "snooze", "assign", "note"]))
    def act(self, days: int, what: str) -> None:
        before = self.live
        assert before is not None
        acts = {
            "acknowledge": lambda: by_hand.acknowledge(before, "ana", self.now),
            "snooze": lambda: by_hand.snooze(before, "ana", self.now, length=timedelta(days=days)),
            "assign": lambda: by_hand.assign(before, "ben", "ana", self.now),
            "note": lambda: by_hand.note(before, "seen", "ana", self.now),
        }
        try:
            step = acts[what]()
        except UsageError:
            assert not before.is_open
            return
        self._take(step, before)
        assert step.told is None
        assert step.incident is not None
        assert (step.incident.state, step.incident.severity) == (before.state, before.severity)

    @precondition(lambda self: self.live is not None)
    @rule()
    def resolve(self) -> None:
        before = self.live
        assert before is not None
        try:
            step = by_hand.resolve_by_hand(before, "ana", "it is known", self.now)
        except UsageError:
            assert not before.is_open or before.still_breached
            return
        assert not before.still_breached
        self._take(step, before)
        self.is_open, self.recent, self.clean = False, [], 0

    @rule()
    def restart(self) -> None:
        if self.last is not None:
            assert decode_incident(encode_incident(self.last), id=self.last.id) == self._forget_marks(
                self.last
            )
            self.last = decode_incident(encode_incident(self.last), id=self.last.id)

    @staticmethod
    def _forget_marks(incident: Incident) -> Incident:
        """Return the incident without what only its own window is told: which columns changed once more."""
        return replace(incident, members=tuple(replace(one, again=False) for one in incident.members))

    @precondition(lambda self: not self.is_open and not self.recent)
    @rule(policy=POLICIES)
    def reload(self, policy: Policy) -> None:
        self.policy = policy

    @precondition(lambda self: self.is_open)
    @rule(clean=st.integers(1, 3))
    def reload_while_open(self, clean: int) -> None:
        self.policy = replace(self.policy, resolve_after=max(clean, self.clean + 1))

    @rule(days=st.integers(0, 5))
    def silence(self, days: int) -> None:
        self.silent_until = self.now + timedelta(days=days)

    @precondition(lambda self: self.live is not None)
    @rule(hours=st.integers(0, 23))
    def pass_time(self, hours: int) -> None:
        before = self.live
        assert before is not None
        now = self.now + timedelta(hours=hours)
        lapsed = lapse(before, now)
        self._take(lapsed, before)
        before = lapsed.incident or before
        hide = Hide(words="silence 1", since=day(1).start, until=self.silent_until)
        asked = Telling(type=NoticeType.REMINDER, state=before.state, told=True, hide=hide)
        step = remind(before, REMINDERS, now)
        if not step.transitions:
            return
        assert before.told_at is not None
        assert now - before.told_at >= min(REMINDERS)
        assert before.state is IncidentState.OPEN
        assert before.acknowledged_by is None
        assert before.snoozed_until is None
        if decide_sending(asked, now=now).sends:
            assert now >= self.silent_until
            self._take(step, before)

    @invariant()
    def opens_and_ends_are_told_in_pairs(self) -> None:
        if getattr(self, "last", None) is None:
            return
        told = [one.tells for one in self.steps if one.tells is not None]
        assert told.count(NoticeType.OPENED) <= 1
        assert told.count(NoticeType.RESOLVED) <= 1
        if told:
            assert told[0] is NoticeType.OPENED
        if NoticeType.RESOLVED in told:
            assert told[-1] is NoticeType.RESOLVED


IncidentModel.TestCase.settings = settings(
    max_examples=300,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestIncidentModel = IncidentModel.TestCase
