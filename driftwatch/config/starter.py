"""The commented configuration that `driftwatch init` writes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from driftwatch.config.values import format_duration
from driftwatch.errors import UsageError
from driftwatch.jobs.windows import find_local

__all__ = ["SOURCE_URL", "STORE_URL", "StarterFacts", "write_starter"]

SOURCE_URL: Final = "DRIFTWATCH_SOURCE_URL"
STORE_URL: Final = "DRIFTWATCH_STORE_URL"
"""Variables that stand in the file for addresses with a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterFacts:
    """What was found out about the data: its place, its columns, and how far back it goes.

    Either `path` (a file or pattern) or `url` with `table` is given. `reference_from` and `reference_to` are
    aware times. `schema` is where the editor finds the JSON Schema, relative to the file or as an address.
    """

    id: str
    time_column: str | tuple[str, ...]
    window: timedelta
    reference_from: datetime
    reference_to: datetime
    path: str | None = None
    url: str | None = None
    table: str | None = None
    key: tuple[str, ...] = ()
    timezone: str = "UTC"
    store_url: str = "sqlite:///driftwatch.db"
    schema: str = "driftwatch.schema.json"


def write_starter(facts: StarterFacts) -> str:
    """Return the text of a configuration that runs as it stands.

    A password never gets into the file: an address that holds one becomes a variable, and a comment says
    which. Raises UsageError when the facts name no place to read from.
    """
    key = ", ".join(_quote(name) for name in facts.key)
    texts = {
        "schema": facts.schema.replace("\n", " "),
        "store": "\n  ".join(["", *_write_url(facts.store_url, STORE_URL)]),
        "id": _quote(facts.id),
        "source": _write_source(facts),
        "window": format_duration(facts.window),
        "timezone": f"    timezone: {facts.timezone}\n" if facts.timezone != "UTC" else "",
        "start": _write_moment(facts.reference_from, facts.timezone),
        "end": _write_moment(facts.reference_to, facts.timezone),
        "key": f"    key: [{key}]{' ' * 4}# the columns that make a row unique\n" if key else _NO_KEY,
    }
    return _TEXT.format(**texts)


def _write_source(facts: StarterFacts) -> str:
    columns = facts.time_column
    stamp = _quote(columns) if isinstance(columns, str) else f"[{', '.join(_quote(one) for one in columns)}]"
    if facts.path is not None:
        lines = ["kind: files", f"path: {_quote(facts.path)}"]
    elif facts.url is not None and facts.table is not None:
        lines = ["kind: sql", *_write_url(facts.url, SOURCE_URL), f"table: {_quote(facts.table)}"]
    else:
        raise UsageError("a configuration needs a file, or the address of a database and a table in it")
    return "\n".join(f"      {line}" for line in [*lines, f"time_column: {stamp}"])


def _write_url(url: str, variable: str) -> list[str]:
    try:
        has_password = urlsplit(url).password is not None
    except ValueError:
        has_password = True
    if not has_password:
        return [f"url: {_quote(url)}"]
    comment = f"# The address has a password, so it stays in the environment: export {variable}=…"
    return [comment, f'url: "${{{variable}}}"']


def _quote(text: str) -> str:
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", text) and text.lower() not in _NOT_TEXT:
        return text
    # JSON's quotes are YAML's, but YAML wants more letters escaped. A ${ in a name is no variable.
    quoted = json.dumps(text.replace("${", "$${"), ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)


_NOT_TEXT: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def _write_moment(moment: datetime, timezone: str) -> str:
    day = datetime.combine(moment.astimezone(ZoneInfo(timezone)).date(), time())
    if find_local(day, timezone) == moment:
        return day.date().isoformat()
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


_NO_KEY: Final = "    # key: [id]               # the columns that make a row unique\n"

_TEXT: Final = """\
# yaml-language-server: $schema={schema}
# Check this file: driftwatch validate    Judge windows: driftwatch check    Keep watching: driftwatch serve
version: 1

# Where driftwatch remembers what it judged and told. Also: postgresql://… and mysql://…
store:{store}

# Who can be told. ${{NAME}} is a variable of the environment, ${{file:/path}} the content of a file.
channels:
  log: {{kind: log}}
  # oncall: {{kind: slack, url: "${{SLACK_WEBHOOK_URL}}", fallback: log}}
  # hook: {{kind: webhook, url: "https://hooks.example.com/drift", secret: "${{file:/run/secrets/hook}}"}}

# What happened in a week, told in words that need no statistics.
# digests: [{{notify: [oncall], day: monday, at: "08:00"}}]

# What can start retraining.
# triggers:
#   retrain: {{kind: http, url: "https://ci.example.com/retrain", secret: "${{RETRAIN_SECRET}}"}}

monitors:
  - id: {id}
    # owner: data-platform
    # runbook: https://wiki.example.com/drift
    source:
{source}
    window: {window}    # event time that is judged at once
{timezone}    # delay: 30m              # how long after a window closes it is read
    # What later windows are compared with; to is exclusive.
    reference: {{from: {start}, to: {end}}}
{key}    # columns: {{exclude: [comment], kinds: {{zip: category}}}}
    # missing: [-999, "unknown"]    # values that mean missing
    false_pages: {{at_most: 1, per: 30d}}    # how often people may be told without a cause
    # minimum_effect: 0.02    # the share of rows that must be shown to have moved
    # patience: 1             # breached windows before an incident opens
    # resolve_after: 3        # clean complete windows before it resolves
    # freshness: {{warn_after: 2h, page_after: 6h}}
    notify: [log]
    # retrain: {{trigger: retrain, when: [drift, stale], after: 2, cooldown: 7d}}
"""
