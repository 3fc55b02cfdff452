"""Create the tables.

Revision 0001. Every step is skipped where it was done already, for MariaDB cannot take back half a
migration: one that was interrupted is simply run again. A table of another program that happens to have
one of our names stops it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMBLOB, MEDIUMTEXT

from driftwatch.errors import StoreError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String(191)
WORD = sa.String(20)
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
BLOB = sa.LargeBinary().with_variant(MEDIUMBLOB(), "mysql")
MICROS = sa.BigInteger()


def upgrade() -> None:
    for name, parts, options in list_tables():
        refuse_foreign(name, parts)
        op.create_table(
            name,
            *parts,
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
            if_not_exists=True,
            **options,
        )
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns, if_not_exists=True)


def downgrade() -> None:
    for name, _, _ in reversed(list_tables()):
        op.drop_table(name, if_exists=True)


def refuse_foreign(name: str, parts: list[Any]) -> None:
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table(name):
        return
    found = {column["name"] for column in inspector.get_columns(name)}
    wanted = {part.name for part in parts if isinstance(part, sa.Column)}
    # Later revisions add columns to tables of this one.
    if not wanted <= found:
        raise StoreError(
            f"the database has a table {name!r} of another program; give driftwatch a database of its own"
        )


INDEXES = [
    ("ix_slots_open", "slots", ["state", "monitor_id", "history", "window_start"]),
    ("ix_verdicts_fingerprint", "verdicts", ["monitor_id", "history", "counts_fingerprint"]),
    ("ix_incidents_open", "incidents", ["state", "monitor_id"]),
    ("ix_deliveries_due", "deliveries", ["state", "next_at"]),
    ("ix_retrains_due", "retrains", ["state", "next_at"]),
]


def key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def need(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def refer(table: str, *names: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(names, [f"{table}.{name}" for name in names])


def refer_id(name: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{table}.id"])


def claim() -> list[sa.Column[Any]]:
    return [
        need("state", WORD),
        need("attempts", sa.Integer()),
        need("token", sa.BigInteger()),
        sa.Column("owner", LONG),
        sa.Column("claim_until", MICROS),
        need("next_at", MICROS),
    ]


def slot_key() -> list[sa.Column[Any]]:
    return [key("monitor_id", ID), key("history", sa.Integer()), key("window_start", MICROS)]


def verdict_key() -> list[sa.Column[Any]]:
    return [*slot_key(), key("revision", sa.Integer())]


def reference_key() -> list[sa.Column[Any]]:
    return [key("monitor_id", ID), key("version", sa.Integer())]


def list_tables() -> list[tuple[str, list[Any], dict[str, Any]]]:
    return [*list_first(), *list_references(), *list_results(), *list_incidents()]


def list_first() -> list[tuple[str, list[Any], dict[str, Any]]]:
    return [
        ("meta", [key("name", NAME), need("value", LONG)], {}),
        ("configs", [key("fingerprint", NAME), need("first_applied_at", MICROS), need("summary", LONG)], {}),
        (
            "monitors",
            [
                sa.Column("id", ID, primary_key=True),
                need("monitor_key", NAME),
                need("identity", NAME),
                need("config_fingerprint", NAME),
                need("history", sa.Integer()),
                need("first_started_at", MICROS),
                sa.Column("detached_at", MICROS),
                sa.UniqueConstraint("monitor_key", name="uq_monitors_key"),
            ],
            {},
        ),
        (
            "slots",
            [
                *slot_key(),
                need("window_end", MICROS),
                need("due_at", MICROS),
                *claim(),
                sa.Column("reason", LONG),
                refer_id("monitor_id", "monitors"),
            ],
            {},
        ),
    ]


def list_references() -> list[tuple[str, list[Any], dict[str, Any]]]:
    return [
        (
            "reference_versions",
            [
                *reference_key(),
                need("history", sa.Integer()),
                need("state", WORD),
                need("built_at", MICROS),
                sa.Column("promoted_at", MICROS),
                need("row_count", sa.BigInteger()),
                need("spec", LONG),
                need("skipped", LONG),
                refer_id("monitor_id", "monitors"),
            ],
            {},
        ),
        (
            "reference_columns",
            [
                *reference_key(),
                key("place", sa.Integer()),
                need("column_name", LONG),
                need("kind", WORD),
                need("grid", BLOB),
                refer("reference_versions", "monitor_id", "version"),
            ],
            {},
        ),
        (
            "reference_blocks",
            [
                *reference_key(),
                key("block", sa.Integer()),
                sa.Column("window_start", MICROS),
                sa.Column("window_end", MICROS),
                need("row_count", sa.BigInteger()),
                need("batch", LONG),
                refer("reference_versions", "monitor_id", "version"),
            ],
            {},
        ),
        (
            "reference_counts",
            [
                *reference_key(),
                key("block", sa.Integer()),
                key("place", sa.Integer()),
                need("counts", BLOB),
                refer("reference_blocks", "monitor_id", "version", "block"),
            ],
            {},
        ),
    ]


def list_results() -> list[tuple[str, list[Any], dict[str, Any]]]:
    belongs = ("verdicts", "monitor_id", "history", "window_start", "revision")
    return [
        (
            "verdicts",
            [
                *verdict_key(),
                need("newest", sa.Boolean()),
                need("window_end", MICROS),
                need("word", WORD),
                sa.Column("row_count", sa.BigInteger()),
                sa.Column("score", sa.Double()),
                sa.Column("score_limit", sa.Double()),
                sa.Column("calibration", LONG),
                sa.Column("reason", LONG),
                sa.Column("reference_version", sa.Integer()),
                sa.Column("counts_fingerprint", sa.String(64)),
                need("seconds", sa.Double()),
                need("token", sa.BigInteger()),
                need("finished_at", MICROS),
                sa.Column("batch", LONG),
                refer("slots", "monitor_id", "history", "window_start"),
            ],
            {},
        ),
        (
            "findings",
            [
                *verdict_key(),
                key("place", sa.Integer()),
                sa.Column("column_name", LONG),
                need("kind", WORD),
                need("statistic", NAME),
                sa.Column("value", sa.Double()),
                sa.Column("value_limit", sa.Double()),
                sa.Column("moved_share", sa.Double()),
                need("text", LONG),
                refer(*belongs),
            ],
            {},
        ),
        (
            "column_statistics",
            [
                *verdict_key(),
                key("place", sa.Integer()),
                need("column_name", LONG),
                need("statistics", LONG),
                refer(*belongs),
            ],
            {},
        ),
        (
            "profiles",
            [
                *verdict_key(),
                key("place", sa.Integer()),
                need("column_name", LONG),
                need("counts", BLOB),
                refer(*belongs),
            ],
            {},
        ),
    ]


def list_incidents() -> list[tuple[str, list[Any], dict[str, Any]]]:
    return [
        (
            "incidents",
            [
                sa.Column("id", ID, primary_key=True),
                need("monitor_id", ID),
                need("history", sa.Integer()),
                need("kind", WORD),
                need("state", WORD),
                need("severity", WORD),
                sa.Column("opened_at", MICROS),
                sa.Column("resolved_at", MICROS),
                sa.Column("first_window", MICROS),
                need("document", LONG),
                need("version", sa.Integer()),
                refer_id("monitor_id", "monitors"),
            ],
            {"sqlite_autoincrement": True},
        ),
        (
            "events",
            [
                key("incident_id", ID),
                key("seq", sa.Integer()),
                need("kind", WORD),
                need("reason", LONG),
                sa.Column("window_start", MICROS),
                sa.Column("actor", LONG),
                need("at", MICROS),
                sa.Column("notice", sa.String(64)),
                refer_id("incident_id", "incidents"),
            ],
            {},
        ),
        (
            "deliveries",
            [
                key("id", sa.String(64)),
                sa.Column("incident_id", ID),
                sa.Column("seq", sa.Integer()),
                need("channel", NAME),
                need("type", sa.String(64)),
                sa.Column("monitor_key", NAME),
                need("body", LONG),
                *claim(),
                sa.Column("last_status", sa.Integer()),
                sa.Column("last_error", LONG),
                need("created_at", MICROS),
                sa.Column("delivered_at", MICROS),
                refer_id("incident_id", "incidents"),
                sa.UniqueConstraint("incident_id", "seq", "channel", name="uq_deliveries_notice"),
            ],
            {},
        ),
        (
            "attempts",
            [
                key("delivery_id", sa.String(64)),
                key("n", sa.Integer()),
                need("started_at", MICROS),
                need("ended_at", MICROS),
                sa.Column("status", sa.Integer()),
                sa.Column("error", LONG),
                refer_id("delivery_id", "deliveries"),
            ],
            {},
        ),
        (
            "retrains",
            [
                sa.Column("id", ID, primary_key=True),
                need("retrain_key", NAME),
                need("monitor_id", ID),
                sa.Column("incident_id", ID),
                need("trigger_name", NAME),
                need("attempt", sa.Integer()),
                need("body", LONG),
                *claim(),
                sa.Column("last_status", sa.Integer()),
                sa.Column("last_error", LONG),
                need("requested_at", MICROS),
                sa.Column("finished_at", MICROS),
                refer_id("monitor_id", "monitors"),
                refer_id("incident_id", "incidents"),
                sa.UniqueConstraint("retrain_key", name="uq_retrains_key"),
            ],
            {"sqlite_autoincrement": True},
        ),
    ]
