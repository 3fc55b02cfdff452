"""Configurations that load, to be bent by tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from driftwatch.config import Config, ConfigMistakesError, parse_config

__all__ = ["ENVIRONMENT", "FULL", "SMALL", "list_mistakes", "load_text"]

ENVIRONMENT: Mapping[str, str] = {
    "SLACK_WEBHOOK_URL": "https://hooks.slack.example/services/T0/B0/canary-slack",
    "HOOK_SECRET": "whsec_Y2FuYXJ5LWhvb2stY2FuYXJ5LWhvb2st",
    "RETRAIN_SECRET": "whsec_Y2FuYXJ5LXJldHJhaW4tY2FuYXJ5LTEh",
    "WAREHOUSE_URL": "postgresql://reader:canary-warehouse@db.example/lake",
}

SMALL = """\
version: 1
store: {url: "sqlite:///s.db"}
channels:
  log: {kind: log}
  hook: {kind: webhook, url: "https://hooks.example.com/x", secret: "${HOOK_SECRET}"}
triggers:
  ci: {kind: http, url: "https://ci.example.com/retrain"}
monitors:
  - id: one
    source: {kind: sql, url: "sqlite:///d.db", table: t, time_column: at}
    window: 1d
    reference: {from: 2013-01-01, to: 2013-02-01}
    notify: [log]
"""

FULL = """\
version: 1
store: {url: "sqlite:///driftwatch.db"}            # or postgresql://…, mysql://… (MariaDB)
channels:
  oncall: {kind: slack, url: "${SLACK_WEBHOOK_URL}", fallback: hook}
  hook: {kind: webhook, url: "https://hooks.example.com/drift", secret: "${HOOK_SECRET}"}
triggers:
  retrain: {kind: http, url: "https://ci.example.com/retrain", secret: "${RETRAIN_SECRET}"}
monitors:
  - id: flight-delays                              # stable key; title and description are for people
    owner: data-platform
    runbook: https://wiki.example.com/flight-delays
    source:
      kind: sql
      url: "${WAREHOUSE_URL}"
      table: features.flights                      # or query: with :window_start and :window_end
      time_column: event_time
    window: 1d                                     # event time, half-open, UTC unless timezone is set
    delay: 30m                                     # how long after a window closes it is read
    reference: {from: 2013-01-01, to: 2013-02-01}  # to is exclusive
    columns: {exclude: [flight_id], kinds: {zip: category}}
    key: [flight_id]                               # what makes a row unique
    catch_up: {policy: all, at_most: 96}           # all | latest | none: windows missed while down
    minimum_effect: 0.02                           # never page when fewer than 2 % of rows have moved
    rules:                                         # explicit limits, beside the minimum effect
      - {column: dep_delay, statistic: psi, limit: 0.25}
      - {column: "*", statistic: missing_share, limit: 0.10}
    patience: 1                                    # windows in a row before an incident opens
    resolve_after: 3                               # clean complete windows before it resolves
    freshness: {warn_after: 2h, page_after: 6h}    # no new rows
    ages: {model: 90d, reference: 180d}            # staleness of what is judged against
    model: {name: delay, version: "2013.1", trained_at: 2013-01-31}
    notify: [oncall, hook]
    retrain: {trigger: retrain, when: [drift, stale], after: 2, cooldown: 7d}
"""


def load_text(text: str, environment: Mapping[str, str] = ENVIRONMENT, folder: Path = Path("/etc")) -> Config:
    """Return the configuration in `text`, as if it stood in `folder`."""
    return parse_config(text.encode(), file=folder / "driftwatch.yaml", environment=environment)


def list_mistakes(text: str, environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
    """Return the mistakes in `text` as `line:column: path: what`, none when it loads."""
    try:
        load_text(text, environment)
    except ConfigMistakesError as error:
        return [line.removeprefix("/etc/driftwatch.yaml:") for line in str(error).splitlines()]
    return []
