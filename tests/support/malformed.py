"""Batches that are damaged or odd, each taken the whole way: compared, and checked by a monitor on a store.

    python -m tests.support.malformed --count 20000 --seed 1

prints a table by family. A child process takes the batches, so that one that ends the interpreter is told
by name, and the rest goes on.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Final

import driftwatch
from driftwatch.app import App, open_app
from driftwatch.config import parse_config
from driftwatch.errors import DataError, SourceError
from driftwatch.incidents.finding import Finding, FindingKind, VerdictWord
from driftwatch.jobs.reference import Watch
from driftwatch.jobs.replay import replay_windows
from driftwatch.profiles.window import Window
from tests.support.clocks import FakeClock
from tests.support.malformed_damage import Reach, damage, find_reach
from tests.support.malformed_files import CORPUS, LARGE, Must, OddFile
from tests.support.malformed_rows import ENDINGS, FORMATS, build_rows, write_csv, write_parquet

__all__ = [
    "Outcome",
    "Trial",
    "Trials",
    "build_table",
    "plan_trials",
    "read_memory",
    "run_trials",
]

_FIRST: Final = datetime(2024, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_REFERENCE_DAYS: Final = 10
_A_STORE: Final = 400
_SLOW: Final = 20.0
_CHANCE: Final = 0.1
_CLEAN_EVERY: Final = 25
_LONG: Final = 10_000
_MOST_BYTES: Final = 3000

CONFIG: Final = """\
version: 1
store: {{url: "sqlite:///{folder}/store.db"}}
channels: {{log: {{kind: log}}}}
monitors:
  - id: batches
    source: {{kind: files, path: "{folder}/batch/*", time_column: at}}
    window: 1d
    must_see: 0.5
    late: 1d
    reference:
      source: {{kind: files, path: "{folder}/reference.csv", time_column: at}}
      from: 2024-01-01
      to: 2024-01-11
    notify: [log]
"""

_DATA_KINDS: Final = frozenset(FindingKind) - {FindingKind.DRIFT}
_UNPROVEN: Final = frozenset(
    {VerdictWord.ERROR, VerdictWord.NO_DATA, VerdictWord.NOT_EVALUATED, VerdictWord.PARTIAL}
)


_LARGE_NAMES: Final = frozenset(odd.name for odd in LARGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one batch: the verdicts of both ways, and every way in which they break the law."""

    family: str
    name: str
    compared: str
    checked: str
    seconds: float
    reach: Reach | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What one of the two ways answered.

    `flagged` says that nobody can take the batch for whole, `calm` that nothing of weight was found: the
    budget allows for a false alarm now and then.
    """

    word: str
    flagged: bool
    calm: bool = False
    message: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Trials:
    """A folder with a reference, a monitor on a store, and the batches it is given, one a day."""

    folder: Path
    _app: App | None = None
    _watch: Watch | None = None
    _days: int = 0
    _taken: int = 0

    def take_odd(self, odd: OddFile, seed: int) -> Outcome:
        """Take a file of the corpus both ways."""
        if odd.must == "notice":
            # Incidents that nobody labels teach what is usual once they have resolved; each needs its own.
            self.close()
        random, window = Random(f"{seed} {odd.name}"), self._next_window()
        path = odd.write(self._empty_batch(), random, window)
        return self._judge(odd.family, odd.name, odd.must, path, window, None)

    def take_damaged(self, seed: int) -> Outcome:
        """Take a file that is damaged at random both ways; format and damage go by the seed."""
        random, window = Random(seed), self._next_window()
        how = random.choice(list(FORMATS))
        whole = FORMATS[how](build_rows(random, window))
        name, content = damage(random, whole)
        return self._take_bytes(
            f"damaged {how}", f"{how}: {name}, seed {seed}", how, (whole, content), window
        )

    def take_flipped(self, place: int, how: str = "parquet", seed: int = 0) -> Outcome | None:
        """Take a Parquet file of about 2 kB with one bit flipped at `place`; None beyond its end."""
        random, window = Random(f"{seed} {place} {how}"), self._next_window()
        whole = FORMATS[how](build_rows(random, window, count=40))
        if place >= len(whole):
            return None
        content = bytearray(whole)
        content[place] ^= 1 << random.randrange(8)
        name = f"{how}: a bit at {place}"
        return self._take_bytes(f"every byte of {how}", name, how, (whole, bytes(content)), window)

    def take_clean(self, seed: int) -> Outcome:
        """Take a batch in order: nothing that came before may have left anything behind."""
        random, window = Random(seed), self._next_window()
        how = random.choice(list(FORMATS))
        path = self._empty_batch() / f"batch{ENDINGS[how]}"
        path.write_bytes(FORMATS[how](build_rows(random, window)))
        return self._judge("in order", how, "ok", path, window, None)

    def close(self) -> None:
        """Close the store."""
        if self._app is not None:
            self._app.close()
            self._app = None

    def _take_bytes(
        self, family: str, name: str, how: str, contents: tuple[bytes, bytes], window: Window
    ) -> Outcome:
        path = self._empty_batch() / f"batch{ENDINGS[how]}"
        path.write_bytes(contents[1])
        return self._judge(family, name, "any", path, window, lambda: find_reach(how, *contents))

    def _judge(
        self, family: str, name: str, must: Must, path: Path, window: Window, find: Callable[[], Reach] | None
    ) -> Outcome:
        # Of the processor: how long others keep it says nothing about the batch.
        started = time.process_time()
        compared = self._compare(path)
        checked = self._check(path, window)
        seconds = time.process_time() - started
        reach = None if find is None or (compared.flagged and checked.flagged) else find()
        problems = [f"compare: {one}" for one in (*compared.problems, *_hold(compared, must, reach))]
        problems += [f"check: {one}" for one in (*checked.problems, *_hold(checked, must, reach))]
        if seconds > _SLOW * (5 if name in _LARGE_NAMES else 1):
            problems.append(f"it took {seconds:.1f} s")
        return Outcome(
            family=family,
            name=name,
            compared=compared.word,
            checked=checked.word,
            seconds=seconds,
            reach=reach,
            problems=tuple(problems),
        )

    def _compare(self, path: Path) -> _Said:
        try:
            result = driftwatch.compare(self.folder / "reference.parquet", path, time_column="at")
        except (SourceError, DataError) as error:
            return _Said(word="refused", flagged=True, message=str(error), problems=_read(str(error), path))
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
            return _Said(word="RAISED", flagged=False, problems=(f"raised {error!r}",))
        flagged = result.verdict in _UNPROVEN or _flag(result.findings)
        # A column in a hundred comparisons moves by chance.
        calm = result.verdict in {VerdictWord.OK, VerdictWord.DRIFT} and all(map(_is_chance, result.findings))
        return _Said(word=result.verdict.value, flagged=flagged, calm=calm)

    def _check(self, path: Path, window: Window) -> _Said:
        app, watch = self._open()
        try:
            (seen,) = replay_windows(app.parts, watch, [window], notify="none")
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
            return _Said(word="RAISED", flagged=False, problems=(f"raised {error!r}",))
        verdict = seen.verdict
        if verdict is None:
            return _Said(word="none", flagged=False, problems=("no verdict",))
        problems: tuple[str, ...] = ()
        if verdict.word is VerdictWord.ERROR:
            problems = _read(verdict.reason or "", path)
        return _Said(
            word=verdict.word.value,
            flagged=verdict.word in _UNPROVEN or _flag(verdict.findings),
            calm=verdict.word in {VerdictWord.OK, VerdictWord.DRIFT}
            and all(map(_is_chance, verdict.findings)),
            message=verdict.reason or "; ".join(finding.text for finding in verdict.findings),
            problems=problems,
        )

    def _next_window(self) -> Window:
        if self._taken and self._taken % _A_STORE == 0:
            self.close()
        self._open()
        self._taken += 1
        start = _FIRST + (_REFERENCE_DAYS + self._days) * _DAY
        self._days += 1
        clock = self._open()[0].parts.clock
        assert isinstance(clock, FakeClock)
        clock.move_to(start + 2 * _DAY)
        return Window(start=start, end=start + _DAY)

    def _open(self) -> tuple[App, Watch]:
        if self._app is None or self._watch is None:
            self._days = 0
            for path in self.folder.glob("store.db*"):
                path.unlink()
            self._write_reference()
            content = CONFIG.format(folder=self.folder).encode()
            config = parse_config(content, file=self.folder / "driftwatch.yaml", environment={})
            self._app = open_app(config, clock=FakeClock(_FIRST + (_REFERENCE_DAYS + 1) * _DAY))
            self._app.apply_config()
            self._watch = self._app.watch(config.monitors[0])
        return self._app, self._watch

    def _write_reference(self) -> None:
        random, start = Random(0), _FIRST
        days = [
            Window(start=start + day * _DAY, end=start + (day + 1) * _DAY) for day in range(_REFERENCE_DAYS)
        ]
        blocks = [build_rows(random, day) for day in days]
        rows = {name: [value for block in blocks for value in block[name]] for name in blocks[0]}
        (self.folder / "reference.csv").write_bytes(write_csv(rows))
        (self.folder / "reference.parquet").write_bytes(write_parquet(rows))

    def _empty_batch(self) -> Path:
        folder = self.folder / "batch"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder


def _flag(findings: Sequence[Finding]) -> bool:
    return any(finding.kind in _DATA_KINDS for finding in findings)


def _is_chance(finding: Finding) -> bool:
    return finding.kind is FindingKind.DRIFT and (finding.minor or (finding.moved_share or 0.0) < _CHANCE)


def _read(message: str, path: Path) -> tuple[str, ...]:
    """Return what is wrong with a message: it must name the file and say why in words."""
    problems = []
    named = str(path).encode("utf-8", "replace").decode()
    if str(path) not in message and named not in message and str(path.parent) not in message:
        problems.append(f"the message does not name the file: {message[:200]}")
    if len(message.replace(str(path), "").split()) < 3:
        problems.append(f"the message names no cause: {message[:200]}")
    if "driftwatch itself failed" in message or "Traceback" in message:
        problems.append(f"driftwatch failed: {message[:200]}")
    return tuple(problems)


def _hold(said: _Said, must: Must, reach: Reach | None) -> Iterator[str]:
    """Yield every way in which an answer breaks the law."""
    if said.word == "RAISED":
        return
    if (must == "refuse" or reach == "broken") and not said.flagged:
        yield f"{said.word} where nothing proves the batch whole"
    if must == "notice" and said.word == "ok":
        yield "ok where the batch is not as usual"
    if must == "ok" and not said.calm:
        yield f"{said.word} where the batch is in order: {said.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A batch to be taken: what it is called before it is made, and how it is taken."""

    name: str
    take: Callable[[Trials], Outcome | None]


def plan_trials(count: int, seed: int) -> list[Trial]:
    """Return the corpus and damages at random, `count` in all; a long run has every byte of two files too."""
    is_long = count >= _LONG
    corpus = [*CORPUS, *(LARGE if is_long else ())]
    found = [Trial(name=odd.name, take=partial(Trials.take_odd, odd=odd, seed=seed)) for odd in corpus]
    if is_long:
        found += [
            Trial(name=f"{how}: byte {at}", take=partial(Trials.take_flipped, place=at, how=how, seed=seed))
            for how in ("parquet", "parquet+checksums")
            for at in range(_MOST_BYTES)
        ]
    for number in range(count - len(found)):
        made = seed * 10**9 + number
        take = Trials.take_clean if number % _CLEAN_EVERY == 0 else Trials.take_damaged
        found.append(Trial(name=f"seed {made}", take=partial(take, seed=made)))
    return found


def run_trials(count: int, seed: int, folder: Path) -> tuple[list[Outcome], list[tuple[str, int]]]:
    """Take the batches in child processes; return their outcomes, and the memory in use as they went.

    A batch that ends its process is an outcome with a problem, and the rest goes on in a new one. Memory is
    pairs of a family, as it begins, and bytes.
    """
    planned = plan_trials(count, seed)
    outcomes: list[Outcome] = []
    memory: list[tuple[str, int]] = []
    begin = 0
    context = multiprocessing.get_context("spawn")
    while begin < len(planned):
        here, there = context.Pipe(duplex=False)
        child = context.Process(target=_run_child, args=(there, folder, count, seed, begin))
        child.start()
        there.close()
        begin = _listen(here, outcomes, memory, begin)
        child.join()
        if begin < len(planned):
            name = planned[begin].name
            said = f"it ended the interpreter (exit status {child.exitcode})"
            outcomes.append(
                Outcome(family="ended", name=name, compared="-", checked="-", seconds=0.0, problems=(said,))
            )
            kept = folder / f"ended-{begin}"
            shutil.copytree(folder / "batch", kept, symlinks=True, dirs_exist_ok=True)
            begin += 1
    return outcomes, memory


def _listen(here: Connection, outcomes: list[Outcome], memory: list[tuple[str, int]], begin: int) -> int:
    """Return the number of the batch after the last one of which something was heard."""
    while True:
        try:
            number, outcome, used = here.recv()
        except EOFError:
            return begin
        begin = number + 1
        if outcome is not None:
            outcomes.append(outcome)
            memory.append((outcome.family, used))


def _run_child(there: Connection, folder: Path, count: int, seed: int, begin: int) -> None:
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    trials = Trials(folder)
    warnings.simplefilter("error")
    for number, trial in enumerate(plan_trials(count, seed)[begin:], begin):
        outcome = trial.take(trials)
        there.send((number, outcome, read_memory()))
    trials.close()


def read_memory() -> int:
    """Return the bytes of memory that this process has in use."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def build_table(outcomes: Sequence[Outcome], memory: Sequence[tuple[str, int]]) -> str:
    """Return a line for each family: verdicts, what was out of reach, seconds, memory, broken laws."""
    lines = [f"{'family':32} {'files':>6} {'seconds':>8} {'MB start':>8} {'MB end':>7}  compare / check"]
    for family in dict.fromkeys(one.family for one in outcomes):
        some = [one for one in outcomes if one.family == family]
        used = [one for name, one in memory if name == family] or [0]
        words = " / ".join(
            " ".join(f"{word} {count}" for word, count in Counter(found).most_common())
            for found in ([one.compared for one in some], [one.checked for one in some])
        )
        reach = Counter(one.reach for one in some if one.reach is not None)
        unseen = f"; unflagged: {', '.join(f'{k} {v}' for k, v in reach.items())}" if reach else ""
        broken = sum(bool(one.problems) for one in some)
        lines.append(
            f"{family:32} {len(some):6} {sum(one.seconds for one in some):8.1f} {used[0] >> 20:8} "
            f"{used[-1] >> 20:7}  {words}{unseen}{f'; LAW BROKEN {broken}' if broken else ''}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as many batches as the command line asks for, print the table and what breaks the law."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where files and store are kept; a new one without it")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="malformed-"))
    started = time.perf_counter()
    outcomes, memory = run_trials(chosen.count, chosen.seed, folder)
    seconds = time.perf_counter() - started
    print(f"{len(outcomes)} batches, seed {chosen.seed}, {seconds:.0f} s, in {folder}")
    print(build_table(outcomes, memory))
    broken = [one for one in outcomes if one.problems]
    for one in broken[:100]:
        print(f"{one.family} | {one.name} | {one.compared} / {one.checked} | {'; '.join(one.problems)}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
