"""Keep what replicas, silences and late rows rest on.

Revision 0003. Leases between replicas, silences, destinations that refuse, steps of escalation, when a judged
window is looked at again, and why a delivery was not sent. Every step is skipped where it was done already:
one that was interrupted on MariaDB is simply run again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
NAME = sa.String(191)
WORD = sa.String(20)
MICROS = sa.BigInteger()


def upgrade() -> None:
    for name, parts, options in list_tables():
        op.create_table(
            name,
            *parts,
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
            if_not_exists=True,
            **options,
        )
    for table, column in list_columns():
        if column.name not in list_names(table):
            op.add_column(table, column)


def downgrade() -> None:
    for table, column in list_columns():
        if column.name in list_names(table):
            op.drop_column(table, column.name)
    for name, _, _ in reversed(list_tables()):
        op.drop_table(name, if_exists=True)


def list_names(table: str) -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_columns(table)}


def list_columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        ("slots", sa.Column("look_at", MICROS)),
        ("deliveries", sa.Column("decision", LONG)),
        ("deliveries", sa.Column("group_key", NAME)),
        ("deliveries", sa.Column("told_with", sa.String(64))),
    ]


def list_tables() -> list[tuple[str, list[Any], dict[str, Any]]]:
    return [
        (
            "leases",
            [
                sa.Column("name", NAME, primary_key=True),
                sa.Column("holder", LONG),
                sa.Column("term", sa.BigInteger(), nullable=False),
                sa.Column("expires_at", MICROS, nullable=False),
            ],
            {},
        ),
        (
            "silences",
            [
                sa.Column("id", ID, primary_key=True),
                sa.Column("matchers", LONG, nullable=False),
                sa.Column("starts_at", MICROS, nullable=False),
                sa.Column("ends_at", MICROS, nullable=False),
                sa.Column("author", LONG, nullable=False),
                sa.Column("reason", LONG, nullable=False),
                sa.Column("created_at", MICROS, nullable=False),
                sa.Column("expired_by", LONG),
            ],
            # People hold on to these numbers: one is never given twice.
            {"sqlite_autoincrement": True},
        ),
        (
            "destinations",
            [
                sa.Column("channel", NAME, primary_key=True),
                sa.Column("refusals", sa.Integer(), nullable=False),
                sa.Column("disabled_at", MICROS),
                sa.Column("reason", LONG),
                sa.Column("next_at", MICROS),
                sa.Column("settings", sa.String(64), nullable=False),
            ],
            {},
        ),
        (
            "escalations",
            [
                sa.Column("incident_id", ID, primary_key=True, autoincrement=False),
                sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
                sa.Column("due_at", MICROS, nullable=False),
                sa.Column("decided_at", MICROS),
                sa.Column("decision", LONG),
                sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"]),
            ],
            {},
        ),
    ]
