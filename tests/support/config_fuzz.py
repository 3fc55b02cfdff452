"""Configurations that are nearly right, and texts that are nothing: made by seeds, loaded like any other.

    python -m tests.support.config_fuzz --count 20000 --seed 1

prints a table by kind of damage, and every document that breaks the law: what does not load is a
ConfigError each line of which is `file:line:column: path: what is wrong`; no other exception, no secret in
it, never more than 2 seconds.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, Final

import yaml

from driftwatch.config import Config, ConfigMistakesError, load_config
from driftwatch.config.schema import build_schema
from driftwatch.config.starter import StarterFacts, write_starter
from driftwatch.errors import ConfigError
from tests.support.config_documents import DAMAGES_OF_TEXTS, DAMAGES_OF_TREES, build_by_schema
from tests.support.config_files import ENVIRONMENT, FULL, SMALL

__all__ = ["CANARIES", "SEEDS", "Loaded", "build_document", "build_table", "load_document", "run_documents"]

MOST_SECONDS: Final = 2.0
_MOST_LINE: Final = 4000
_HANGS_AFTER: Final = 30
_SECRET: Final = "whsec_Y2FuYXJ5LWZpbGUtY2FuYXJ5LWZpbGUt"
# What would give a secret away: the parts of it that stand nowhere else.
CANARIES: Final = (
    *("canary-slack", "canary-warehouse", "Y2FuYXJ5LWhvb2st", "Y2FuYXJ5LXJldHJhaW4t", "Y2FuYXJ5LWZpbGUt"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of one document, and every way in which that breaks the law."""

    family: str
    name: str
    word: str
    mistakes: int
    seconds: float
    problems: tuple[str, ...] = ()


def _write_starters() -> Iterator[str]:
    start, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
    for window in (timedelta(days=1), timedelta(hours=1)):
        facts = {"time_column": "at", "window": window, "reference_from": start, "reference_to": end}
        yield write_starter(StarterFacts(id="rows", path="data/*.csv", key=("id",), **facts))  # type: ignore[arg-type]  # One dictionary for both.
        yield write_starter(
            StarterFacts(id="rows", url="sqlite:///d.db", table="t", timezone="Europe/Paris", **facts)  # type: ignore[arg-type]  # As above.
        )


@cache
def _read_readme() -> tuple[str, ...]:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    text = text.replace("${file:/run/secrets/hook}", "${file:hook.secret}")
    return tuple(
        block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "version: 1" in block
    )


SEEDS: Final[tuple[str, ...]] = (SMALL, FULL, *_write_starters(), *_read_readme())
"""Documents that load, the README's and those that `init` writes among them."""


@cache
def _read_schema() -> Mapping[str, Any]:
    return build_schema()


def build_document(seed: int) -> tuple[str, str, bytes]:
    """Return the family of a document, its name and its bytes."""
    random = Random(seed)
    if random.random() < 0.35:
        family, text = "by the schema", _dump(build_by_schema(_read_schema(), random), random)
        damages: list[str] = []
    else:
        family, text, damages = "of a tree", random.choice(SEEDS), []
        if random.random() < 0.6:
            tree = yaml.safe_load(text)
            for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
                damages.append(random.choice(list(DAMAGES_OF_TREES)))
                tree = DAMAGES_OF_TREES[damages[-1]](random, tree)
            text = _dump(tree, random)
    content = text.encode("utf-8", "surrogatepass")
    if not damages or random.random() < 0.2:
        family = "of a text" if family == "of a tree" else family
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            damages.append(random.choice(list(DAMAGES_OF_TEXTS)))
            content = DAMAGES_OF_TEXTS[damages[-1]](random, content)
    return family, ", ".join(damages), content


def _dump(tree: Any, random: Random) -> str:
    if random.random() < 0.5:
        return json.dumps(tree, ensure_ascii=random.random() < 0.5, default=str)
    return str(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=random.choice((20, 1000))))


def load_document(content: bytes, path: Path) -> tuple[str, int, float, list[str]]:
    """Write `content` to `path` and load it; return the word, the mistakes, the seconds, broken laws."""
    path.write_bytes(content)
    (path.parent / "hook.secret").write_text(_SECRET, encoding="ascii")
    (path.parent / "hook.secret").chmod(0o600)
    started = time.perf_counter()
    try:
        config = load_config(path, ENVIRONMENT)
    except ConfigError as error:
        word, said = "refused", str(error)
        found = error.mistakes if isinstance(error, ConfigMistakesError) else ()
        problems = [*_check_lines(said, path, len(found)), *_find_secrets(f"{said} {error!r}")]
        count = len(found)
    except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
        word, count, problems = "RAISED", 0, [f"raised {error!r:.300}"]
    else:
        word, count, problems = "loaded", len(config.warnings), list(_check_config(config, path))
    seconds = time.perf_counter() - started
    if seconds > MOST_SECONDS:
        problems.append(f"it took {seconds:.1f} s")
    return word, count, seconds, problems


def _check_config(config: Config, path: Path) -> Iterator[str]:
    # Not in its repr: whoever puts a secret into a title has it shown.
    yield from _find_secrets(" ".join(config.warnings))
    for warning in config.warnings:
        yield from _check_lines(warning, path, 1)


def _check_lines(said: str, path: Path, count: int) -> Iterator[str]:
    lines = said.splitlines()
    if not lines:
        yield "an error without words"
    if count and len(lines) != min(count, 101):
        yield f"{count} mistakes are told in {len(lines)} lines"
    for line in lines:
        if not re.fullmatch(rf"{re.escape(str(path))}:(\d+:\d+: \S.*| and \d+ more mistakes)", line):
            yield f"a line does not say where: {line[:200]!r}"
        if len(line) > _MOST_LINE:
            yield f"a line of {len(line)} letters: {line[:200]!r}"
        if not line.isprintable():
            yield f"a line that cannot be printed: {line[:200]!r}"


def _find_secrets(said: str) -> Iterator[str]:
    yield from (f"a secret is shown: …{canary}…" for canary in CANARIES if canary in said)


def run_documents(
    count: int, seed: int, folder: Path, tell: Callable[[Loaded], None] | None = None
) -> list[Loaded]:
    """Load `count` documents in this process and return what came of each."""
    found = []
    path = folder / "driftwatch.yaml"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(seed * 10**9, seed * 10**9 + count):
            with _stop_hanging():
                family, name, content = build_document(number)
                word, mistakes, seconds, problems = load_document(content, path)
            loaded = Loaded(
                family=family,
                name=f"seed {number}: {name}",
                word=word,
                mistakes=mistakes,
                seconds=seconds,
                problems=tuple(problems),
            )
            found.append(loaded)
            if tell is not None:
                tell(loaded)
    return found


class _stop_hanging:  # noqa: N801 - it is used like a function
    """Raise in whatever still runs after half a minute."""

    def __enter__(self) -> None:
        def raise_hanging(signum: int, frame: FrameType | None) -> None:
            raise TimeoutError("it hangs")

        self._before = signal.signal(signal.SIGALRM, raise_hanging)
        signal.alarm(_HANGS_AFTER)

    def __exit__(self, *exc: object) -> None:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, self._before)


def build_table(found: Sequence[Loaded]) -> str:
    """Return a line for each family, and one for each kind of damage that was tried."""
    lines = [
        f"{'family':28} {'documents':>9} {'loaded':>7} {'refused':>8} {'mistakes':>9} {'slowest':>9}  broken"
    ]
    kinds = {one.family: "family" for one in found}
    damages = Counter(d for one in found for d in one.name.partition(": ")[2].split(", ") if d)
    for name in [*kinds, *sorted(damages)]:
        some = [one for one in found if one.family == name or name in one.name.partition(": ")[2].split(", ")]
        words = Counter(one.word for one in some)
        broken = sum(bool(one.problems) for one in some)
        lines.append(
            f"{name:28} {len(some):9} {words['loaded']:7} {words['refused']:8} "
            f"{sum(one.mistakes for one in some):9} {max(one.seconds for one in some):9.2f}  {broken}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Load as many documents as the command line asks for, print the table and what breaks the law."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="config-fuzz-") as folder:
        found = run_documents(chosen.count, chosen.seed, Path(folder))
    print(f"{len(found)} documents, seed {chosen.seed}, {time.perf_counter() - started:.0f} s")
    print(build_table(found))
    broken = [one for one in found if one.problems]
    for one in broken[:60]:
        print(f"{one.family} | {one.name} | {one.word} | {'; '.join(one.problems[:3])}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
