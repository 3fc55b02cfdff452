"""The first page: what is wrong now, since when, and whether anybody was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from driftwatch.incidents.finding import VerdictWord
from driftwatch.incidents.incident import Severity
from driftwatch.incidents.words import say_count, say_duration, say_moment
from driftwatch.jobs.cases import Case, build_cases
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.status import MonitorStatus, Status, read_status
from driftwatch.store.pages import WantedIncidents, page_incidents
from driftwatch.store.pauses import Pause
from driftwatch.store.standings import list_newest_words
from driftwatch.store.tellings import list_tellings
from driftwatch.web.access import Scope, need
from driftwatch.web.frame import Frame, render
from driftwatch.web.house import Here, House
from driftwatch.web.incidents import choose_shape
from driftwatch.web.paging import Leaf, PageNumber, cut
from driftwatch.web.telling import Tellings, say_telling, say_who
from driftwatch.web.windows import PAUSED, SHAPES, Shape, Strip, build_strip

__all__ = ["Concern", "Overview", "Row", "read_overview", "router"]

router = APIRouter()

_STRIP: Final = 30
_SHOWN_CONCERNS, _SHOWN_OVER = 20, 5
_NOT_STARTED: Final = Shape(mark="⊘", word="not started", tone="warn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One thing that somebody should look at; `link` leads to it.

    `tone` is its colour, `mark` and `word` say the same without. `who` has it; `told` is who knows.
    """

    tone: str
    mark: str
    word: str
    text: str
    link: str
    since: datetime | None = None
    who: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One monitor in the list."""

    status: MonitorStatus
    title: str
    owner: str | None
    tone: str
    mark: str
    word: str
    strip: Strip


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on the first page. `sentence` is all of it in words, `details` are sentences beside it.

    `more` concerns are not shown; `over` are the incidents that ended last.
    """

    now: datetime
    sentence: str
    tone: str
    details: tuple[str, ...]
    concerns: tuple[Concern, ...]
    more: int
    over: tuple[Case, ...]
    leaf: Leaf[Row]
    owners: tuple[str, ...]
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which monitors are shown: those of an owner, that are well or not, and named like `q`."""

    owner: Annotated[str, Query(max_length=200)] = ""
    state: Annotated[str, Query(pattern="^(|attention|well)$")] = ""
    q: Annotated[str, Query(max_length=200)] = ""


@router.get("/", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_overview(
    request: Request, house: Here, chosen: Annotated[Chosen, Depends()], page: PageNumber = 1
) -> HTMLResponse:
    """Show what needs attention, and every monitor."""
    found = read_overview(house, chosen, page)
    frame = Frame(title="Overview", section="overview", now=found.now, waiting=found.waiting)
    return render(request, "overview.html", frame, {"page": found, "chosen": chosen, "request": request})


def read_overview(house: House, chosen: Chosen, page: int = 1) -> Overview:
    """Return the first page, of the chosen monitors page `page`."""
    now, monitors = house.now(), house.monitors
    status = read_status(house.app.database, monitors, now)
    cases = house.list_serious()
    tellings = house.read(lambda tx: list_tellings(tx, [case.incident.id or 0 for case in cases]))
    concerns = sorted(
        [
            *(_describe_case(case, tellings.get(case.incident.id or 0, {})) for case in cases),
            *_list_others(status, monitors),
        ],
        key=_rank,
    )
    known = {monitor.id: monitor for monitor in monitors}
    fitting = [one for one in status.monitors if _fits(one, known[one.id], chosen)]
    leaf = cut(sorted(fitting, key=lambda one: one.healthy), page)
    over = _list_over(house)
    return Overview(
        now=now,
        sentence=_say_all(status),
        tone="bad" if any(one.tone == "bad" for one in concerns) else "warn" if concerns else "calm",
        details=(*_say_details(status), *_say_last(over, now, is_calm=not cases)),
        concerns=tuple(concerns[:_SHOWN_CONCERNS]),
        more=max(0, len(concerns) - _SHOWN_CONCERNS),
        over=over,
        leaf=_fill(house, leaf, known),
        owners=tuple(sorted({monitor.owner for monitor in monitors if monitor.owner})),
        waiting=sum(not case.incident.acknowledged_by for case in cases),
    )


def _describe_case(case: Case, tellings: Tellings) -> Concern:
    incident, shape = case.incident, choose_shape(case.incident)
    return Concern(
        tone="quiet" if incident.acknowledged_by or incident.snoozed_until else shape.tone,
        mark=shape.mark,
        word=shape.word,
        text=case.title,
        link=f"/incidents/{incident.id}",
        since=incident.first_window.start,
        who=say_who(incident),
        told=say_telling(incident, tellings),
    )


def _list_others(status: Status, monitors: Sequence[Monitor]) -> list[Concern]:
    """Return what is no incident and wants attention all the same: silence is not health."""
    titles = {monitor.id: monitor.title or monitor.id for monitor in monitors}
    concerns = [
        Concern(tone="bad", mark="✖", word="driftwatch itself", text=one, link="") for one in status.obstacles
    ]
    for one in status.monitors:
        link = f"/monitors/{one.id}"
        if one.paused is not None:
            concerns.append(_describe_pause(one.paused, titles[one.id], link))
        elif one.verdict is None:
            text = f"{titles[one.id]}: nothing was checked yet"
            concerns.append(Concern(tone="warn", mark="⊘", word="not started", text=text, link=link))
        elif one.late_by is not None:
            text = f"{titles[one.id]}: the next whole window is {say_duration(one.late_by)} late"
            shape = SHAPES[VerdictWord.NO_DATA]
            concerns.append(Concern(tone="warn", mark=shape.mark, word="late", text=text, link=link))
    if status.outbox.failed:
        text = f"{say_count(status.outbox.failed, 'message')} could not be delivered"
        concerns.append(
            Concern(tone="bad", mark="✉", word="not told", text=text, link="/deliveries?state=dead")
        )
    for queue in status.queues:
        if queue.disabled:
            text = f"the channel {queue.channel} takes no messages: {queue.disabled.reason}"
            concerns.append(Concern(tone="bad", mark="✉", word="disabled", text=text, link="/deliveries"))
    return concerns


def _describe_pause(pause: Pause, title: str, link: str) -> Concern:
    until = "" if pause.until is None else f", until {say_moment(pause.until)}"
    return Concern(
        tone=PAUSED.tone,
        mark=PAUSED.mark,
        word=PAUSED.word,
        text=f"{title}: nothing is judged{until}: {pause.reason}",
        link=link,
        since=pause.since,
        who=f"paused by {pause.author}",
    )


def _rank(concern: Concern) -> tuple[int, bool, float]:
    tones = ("bad", "warn", "quiet")
    since = -concern.since.timestamp() if concern.since else 0.0
    return tones.index(concern.tone), not concern.word.startswith("critical"), since


def _say_all(status: Status) -> str:
    total = len(status.monitors)
    paused = sum(one.paused is not None for one in status.monitors)
    unwell = sum(not one.healthy and one.paused is None for one in status.monitors)
    itself = " driftwatch itself needs attention." if status.obstacles else ""
    rest = f" {paused:,} {'is' if paused == 1 else 'are'} paused." if paused else ""
    if total == 0:
        return f"No monitor is configured yet.{itself}"
    if unwell:
        verb = "needs" if unwell == 1 else "need"
        return f"{unwell:,} of {say_count(total, 'monitor')} {verb} attention.{rest}{itself}"
    if paused:
        return f"{_say_well(total - paused, total)}{rest}{itself}"
    well = f"All {say_count(total, 'monitor')} are well." if total > 1 else "The one monitor is well."
    return f"{well}{itself}"


def _say_well(well: int, total: int) -> str:
    """Return how many monitors are well, where the others are paused.

    >>> _say_well(0, 1), _say_well(1, 3)
    ('No monitor is judged.', '1 of 3 monitors is well.')
    """
    if well == 0:
        return "No monitor is judged."
    return f"{well:,} of {say_count(total, 'monitor')} {'is' if well == 1 else 'are'} well."


def _say_details(status: Status) -> list[str]:
    late = sum(one.late_by is not None for one in status.monitors)
    outbox = status.outbox
    lines = [f"{say_count(late, 'monitor')} late." if late else "Every check is on time."]
    if outbox.failed:
        lines.append(f"{say_count(outbox.failed, 'message')} not delivered.")
    elif outbox.pending:
        lines.append(f"{say_count(outbox.pending, 'message')} on the way.")
    else:
        lines.append("Every message was delivered.")
    return lines


def _say_last(over: Sequence[Case], now: datetime, *, is_calm: bool) -> list[str]:
    """Return how long nothing has been wrong, where that is known."""
    ended = [case.incident.resolved_at for case in over if case.incident.resolved_at]
    return [f"The last incident ended {_say_ago(now - max(ended))}."] if is_calm and ended else []


def _say_ago(lasts: timedelta) -> str:
    return f"{say_duration(lasts)} ago" if lasts >= timedelta(minutes=1) else "just now"


def _fits(status: MonitorStatus, monitor: Monitor, chosen: Chosen) -> bool:
    if chosen.owner and monitor.owner != chosen.owner:
        return False
    if chosen.state and status.healthy != (chosen.state == "well"):
        return False
    return chosen.q.lower() in f"{monitor.id} {monitor.title or ''}".lower()


def _list_over(house: House) -> tuple[Case, ...]:
    wanted = WantedIncidents(resolved=True)
    rows, _ = house.read(lambda tx: page_incidents(tx, wanted, at_most=_SHOWN_OVER))
    return tuple(build_cases(rows, house.monitors))


def _fill(house: House, leaf: Leaf[MonitorStatus], known: Mapping[str, Monitor]) -> Leaf[Row]:
    keys = [one.id for one in leaf.items]
    words = house.read(lambda tx: list_newest_words(tx, keys, _STRIP))
    rows = [_build_row(one, known[one.id], build_strip(words.get(one.id, ()))) for one in leaf.items]
    return Leaf(items=rows, number=leaf.number, pages=leaf.pages, total=leaf.total)


def _build_row(status: MonitorStatus, monitor: Monitor, strip: Strip) -> Row:
    shape = _choose_shape(status)
    is_bad = status.worst is not None and status.worst > Severity.MINOR
    return Row(
        status=status,
        title=monitor.title or monitor.id,
        owner=monitor.owner,
        tone="bad" if is_bad else shape.tone,
        mark=shape.mark,
        word=shape.word,
        strip=strip,
    )


def _choose_shape(status: MonitorStatus) -> Shape:
    if status.paused is not None:
        return PAUSED
    return SHAPES[VerdictWord(status.verdict)] if status.verdict else _NOT_STARTED
