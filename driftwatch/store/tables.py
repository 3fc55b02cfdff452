"""The tables. The migrations in `alembic/` create them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
)

from driftwatch.store.access_tables import audit, sessions, tokens, users
from driftwatch.store.documents import ExactText, FiniteDouble, JsonText
from driftwatch.store.schema import (
    BLOB,
    ID,
    NAME,
    WORD,
    build_claim_columns,
    build_reference_key,
    build_slot_key,
    build_verdict_key,
    define_table,
    metadata,
    refer_to,
)
from driftwatch.store.times import UtcMicros

__all__ = [
    "SCHEMA_REVISION",
    "VERSION_TABLE",
    "attempts",
    "audit",
    "calibrations",
    "column_statistics",
    "configs",
    "deliveries",
    "destinations",
    "escalations",
    "events",
    "findings",
    "incidents",
    "leases",
    "ledgers",
    "markers",
    "meta",
    "metadata",
    "monitors",
    "pauses",
    "profiles",
    "reference_blocks",
    "reference_columns",
    "reference_counts",
    "reference_scores",
    "reference_versions",
    "retrains",
    "scores",
    "sessions",
    "silences",
    "slice_searches",
    "slots",
    "tokens",
    "users",
    "verdicts",
]

SCHEMA_REVISION = "0012"
"""The migration this code needs at least; they are numbered in order."""
VERSION_TABLE = "driftwatch_version"
"""Where Alembic keeps the revision: a name of our own, for a database may serve other programs too."""

meta = define_table(
    "meta", Column("name", NAME, primary_key=True), Column("value", ExactText, nullable=False)
)

configs = define_table(
    "configs",
    Column("fingerprint", NAME, primary_key=True),
    Column("first_applied_at", UtcMicros, nullable=False),
    Column("summary", JsonText, nullable=False),
)

monitors = define_table(
    "monitors",
    Column("id", ID, primary_key=True),
    Column("monitor_key", NAME, nullable=False),
    Column("identity", NAME, nullable=False),
    Column("config_fingerprint", NAME, nullable=False),
    Column("history", Integer, nullable=False),
    Column("first_started_at", UtcMicros, nullable=False),
    Column("detached_at", UtcMicros),
    Column("inherits", Integer),
    Column("model", ExactText),
    UniqueConstraint("monitor_key", name="uq_monitors_key"),
)

reference_versions = define_table(
    "reference_versions",
    Column("monitor_id", ID, ForeignKey("monitors.id"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("history", Integer, nullable=False),
    Column("state", WORD, nullable=False),
    Column("built_at", UtcMicros, nullable=False),
    Column("promoted_at", UtcMicros),
    Column("row_count", BigInteger, nullable=False),
    Column("spec", JsonText, nullable=False),
    Column("skipped", JsonText, nullable=False),
    Column("derived", JsonText),
    Column("promoted_by", ExactText),
    Column("promoted_why", ExactText),
)

# Columns are keyed by their place: a name may be longer than any key, and MariaDB ignores spaces at its end.
reference_columns = define_table(
    "reference_columns",
    *build_reference_key(),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("column_name", ExactText, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("grid", BLOB, nullable=False),
    refer_to("reference_versions", "monitor_id", "version"),
)

reference_blocks = define_table(
    "reference_blocks",
    *build_reference_key(),
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("window_start", UtcMicros),
    Column("window_end", UtcMicros),
    Column("row_count", BigInteger, nullable=False),
    Column("batch", JsonText, nullable=False),
    refer_to("reference_versions", "monitor_id", "version"),
)

reference_counts = define_table(
    "reference_counts",
    *build_reference_key(),
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("counts", BLOB, nullable=False),
    refer_to("reference_blocks", "monitor_id", "version", "block"),
)

slots = define_table(
    "slots",
    *build_slot_key(),
    Column("window_end", UtcMicros, nullable=False),
    Column("due_at", UtcMicros, nullable=False),
    *build_claim_columns(),
    Column("reason", ExactText),
    Column("look_at", UtcMicros),
    ForeignKeyConstraint(["monitor_id"], ["monitors.id"]),
    Index("ix_slots_open", "state", "monitor_id", "history", "window_start"),
)

verdicts = define_table(
    "verdicts",
    *build_slot_key(),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("newest", Boolean(create_constraint=False), nullable=False),
    Column("window_end", UtcMicros, nullable=False),
    Column("word", WORD, nullable=False),
    Column("row_count", BigInteger),
    Column("score", FiniteDouble),
    Column("score_limit", FiniteDouble),
    Column("calibration", ExactText),
    Column("reason", ExactText),
    Column("reference_version", Integer),
    Column("counts_fingerprint", String(64)),
    Column("seconds", FiniteDouble, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("finished_at", UtcMicros, nullable=False),
    Column("batch", JsonText),
    Column("grain", WORD),
    refer_to("slots", "monitor_id", "history", "window_start"),
    Index("ix_verdicts_fingerprint", "monitor_id", "history", "counts_fingerprint"),
    Index("ix_verdicts_grain", "monitor_id", "history", "grain", "finished_at"),
)

findings = define_table(
    "findings",
    *build_verdict_key(),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("column_name", ExactText),
    Column("kind", WORD, nullable=False),
    Column("statistic", NAME, nullable=False),
    Column("value", FiniteDouble),
    Column("value_limit", FiniteDouble),
    Column("moved_share", FiniteDouble),
    Column("text", ExactText, nullable=False),
    Column("minor", Boolean(create_constraint=False)),
    Column("again", Boolean(create_constraint=False)),
    Column("plain", ExactText),
)

column_statistics = define_table(
    "column_statistics",
    *build_verdict_key(),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("column_name", ExactText, nullable=False),
    Column("statistics", JsonText, nullable=False),
)

profiles = define_table(
    "profiles",
    *build_verdict_key(),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("column_name", ExactText, nullable=False),
    Column("counts", BLOB, nullable=False),
)

scores = define_table(
    "scores",
    *build_slot_key(),
    Column("window_end", UtcMicros, nullable=False),
    Column("reference_version", Integer, nullable=False),
    Column("document", BLOB, nullable=False),
    refer_to("slots", "monitor_id", "history", "window_start"),
)

# What a window was judged with is kept from the first window that it judged.
calibrations = define_table(
    "calibrations",
    *build_slot_key(),
    Column("reference_version", Integer, nullable=False),
    Column("document", BLOB, nullable=False),
    ForeignKeyConstraint(["monitor_id"], ["monitors.id"]),
)

ledgers = define_table(
    "ledgers",
    Column("monitor_id", ID, ForeignKey("monitors.id"), primary_key=True, autoincrement=False),
    Column("history", Integer, primary_key=True, autoincrement=False),
    Column("level", FiniteDouble, nullable=False),
    Column("outdated", Boolean(create_constraint=False), nullable=False),
)

reference_scores = define_table(
    "reference_scores",
    *build_reference_key(),
    Column("document", BLOB, nullable=False),
    refer_to("reference_versions", "monitor_id", "version"),
)

incidents = define_table(
    "incidents",
    Column("id", ID, primary_key=True),
    Column("monitor_id", ID, ForeignKey("monitors.id"), nullable=False),
    Column("history", Integer, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("state", WORD, nullable=False),
    Column("severity", WORD, nullable=False),
    Column("opened_at", UtcMicros),
    Column("resolved_at", UtcMicros),
    Column("first_window", UtcMicros),
    Column("document", JsonText, nullable=False),
    # The texts of the document, without its keys: what people look for.
    Column("words", JsonText),
    Column("version", Integer, nullable=False),
    Index("ix_incidents_open", "state", "monitor_id"),
    # People hold on to these numbers: one is never given twice.
    sqlite_autoincrement=True,
)

events = define_table(
    "events",
    Column("incident_id", ID, ForeignKey("incidents.id"), primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", WORD, nullable=False),
    Column("reason", ExactText, nullable=False),
    Column("window_start", UtcMicros),
    Column("actor", ExactText),
    Column("at", UtcMicros, nullable=False),
    Column("notice", String(64)),
    # Events follow one another in this order, of whatever incident they are.
    Column("position", BigInteger),
    Index("ix_events_position", "position"),
)

deliveries = define_table(
    "deliveries",
    Column("id", String(64), primary_key=True),
    Column("incident_id", ID, ForeignKey("incidents.id")),
    Column("seq", Integer),
    Column("channel", NAME, nullable=False),
    Column("type", String(64), nullable=False),
    Column("monitor_key", NAME),
    Column("body", ExactText, nullable=False),
    *build_claim_columns(),
    Column("last_status", Integer),
    Column("last_error", ExactText),
    Column("created_at", UtcMicros, nullable=False),
    Column("delivered_at", UtcMicros),
    Column("decision", ExactText),
    Column("group_key", NAME),
    Column("told_with", String(64)),
    UniqueConstraint("incident_id", "seq", "channel", name="uq_deliveries_notice"),
    Index("ix_deliveries_due", "state", "next_at"),
)

attempts = define_table(
    "attempts",
    Column("delivery_id", String(64), ForeignKey("deliveries.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("started_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros, nullable=False),
    Column("status", Integer),
    Column("error", ExactText),
)

retrains = define_table(
    "retrains",
    Column("id", ID, primary_key=True),
    Column("retrain_key", NAME, nullable=False),
    Column("monitor_id", ID, ForeignKey("monitors.id"), nullable=False),
    Column("incident_id", ID, ForeignKey("incidents.id")),
    Column("trigger_name", NAME, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("body", JsonText, nullable=False),
    *build_claim_columns(),
    # Attempts that were answered, or timed out; those that ended with their process are none.
    Column("failures", Integer),
    Column("last_status", Integer),
    Column("last_error", ExactText),
    Column("requested_at", UtcMicros, nullable=False),
    Column("finished_at", UtcMicros),
    UniqueConstraint("retrain_key", name="uq_retrains_key"),
    Index("ix_retrains_due", "state", "next_at"),
    sqlite_autoincrement=True,
)

leases = define_table(
    "leases",
    Column("name", NAME, primary_key=True),
    Column("holder", ExactText),
    Column("term", BigInteger, nullable=False),
    Column("expires_at", UtcMicros, nullable=False),
)

silences = define_table(
    "silences",
    Column("id", ID, primary_key=True),
    Column("matchers", JsonText, nullable=False),
    Column("starts_at", UtcMicros, nullable=False),
    Column("ends_at", UtcMicros, nullable=False),
    Column("author", ExactText, nullable=False),
    Column("reason", ExactText, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("expired_by", ExactText),
    # People hold on to these numbers: one is never given twice.
    sqlite_autoincrement=True,
)

pauses = define_table(
    "pauses",
    Column("id", ID, primary_key=True),
    Column("monitor_id", ID, ForeignKey("monitors.id"), nullable=False),
    Column("starts_at", UtcMicros, nullable=False),
    Column("ends_at", UtcMicros),
    Column("author", ExactText, nullable=False),
    Column("reason", ExactText, nullable=False),
    Column("ended_by", ExactText),
    Index("ix_pauses_monitor", "monitor_id", "ends_at"),
    sqlite_autoincrement=True,
)

destinations = define_table(
    "destinations",
    Column("channel", NAME, primary_key=True),
    Column("refusals", Integer, nullable=False),
    Column("disabled_at", UtcMicros),
    Column("reason", ExactText),
    Column("next_at", UtcMicros),
    Column("settings", String(64), nullable=False),
)

escalations = define_table(
    "escalations",
    Column("incident_id", ID, ForeignKey("incidents.id"), primary_key=True, autoincrement=False),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("due_at", UtcMicros, nullable=False),
    Column("decided_at", UtcMicros),
    Column("decision", ExactText),
)

markers = define_table(
    "markers",
    Column("id", ID, primary_key=True),
    Column("kind", NAME, nullable=False),
    Column("version", NAME),
    Column("text", ExactText),
    Column("at", UtcMicros, nullable=False),
    Column("monitor_key", NAME),
    Column("owner", NAME),
    Column("author", ExactText),
    Column("created_at", UtcMicros, nullable=False),
    Index("ix_markers_at", "at"),
    # People hold on to these numbers: one is never given twice.
    sqlite_autoincrement=True,
)

slice_searches = define_table(
    "slice_searches",
    Column("incident_id", ID, ForeignKey("incidents.id"), primary_key=True, autoincrement=False),
    Column("state", WORD, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", ExactText),
    Column("claim_until", UtcMicros, nullable=False),
    Column("document", JsonText),
    Column("searched_at", UtcMicros),
)
