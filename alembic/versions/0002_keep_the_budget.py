"""Keep what the false-alarm budget rests on.

Revision 0002. Scores of windows, the calibrations they were judged with, the ledger of pages, what a
reference says of itself, derived columns, and findings that wake nobody. Every step is skipped where it was
done already: one that was interrupted on MariaDB is simply run again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMBLOB, MEDIUMTEXT

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
BLOB = sa.LargeBinary().with_variant(MEDIUMBLOB(), "mysql")
MICROS = sa.BigInteger()


def upgrade() -> None:
    for name, parts in list_tables():
        op.create_table(
            name,
            *parts,
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
            if_not_exists=True,
        )
    for table, column in list_columns():
        found = {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}
        if column.name not in found:
            op.add_column(table, column)


def downgrade() -> None:
    for table, column in list_columns():
        found = {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}
        if column.name in found:
            op.drop_column(table, column.name)
    for name, _ in reversed(list_tables()):
        op.drop_table(name, if_exists=True)


def list_columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        ("findings", sa.Column("minor", sa.Boolean(create_constraint=False))),
        ("findings", sa.Column("again", sa.Boolean(create_constraint=False))),
        ("monitors", sa.Column("inherits", sa.Integer())),
        ("reference_versions", sa.Column("derived", LONG)),
    ]


def list_tables() -> list[tuple[str, list[Any]]]:
    return [
        (
            "scores",
            [
                *build_slot_key(),
                sa.Column("window_end", MICROS, nullable=False),
                sa.Column("reference_version", sa.Integer(), nullable=False),
                sa.Column("document", BLOB, nullable=False),
                sa.ForeignKeyConstraint(
                    ["monitor_id", "history", "window_start"],
                    ["slots.monitor_id", "slots.history", "slots.window_start"],
                ),
            ],
        ),
        (
            "calibrations",
            [
                *build_slot_key(),
                sa.Column("reference_version", sa.Integer(), nullable=False),
                sa.Column("document", BLOB, nullable=False),
                sa.ForeignKeyConstraint(["monitor_id"], ["monitors.id"]),
            ],
        ),
        (
            "ledgers",
            [
                sa.Column("monitor_id", ID, primary_key=True, autoincrement=False),
                sa.Column("history", sa.Integer(), primary_key=True, autoincrement=False),
                sa.Column("level", sa.Double(), nullable=False),
                sa.Column("outdated", sa.Boolean(create_constraint=False), nullable=False),
                sa.ForeignKeyConstraint(["monitor_id"], ["monitors.id"]),
            ],
        ),
        (
            "reference_scores",
            [
                sa.Column("monitor_id", ID, primary_key=True, autoincrement=False),
                sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
                sa.Column("document", BLOB, nullable=False),
                sa.ForeignKeyConstraint(
                    ["monitor_id", "version"], ["reference_versions.monitor_id", "reference_versions.version"]
                ),
            ],
        ),
    ]


def build_slot_key() -> list[sa.Column[Any]]:
    return [
        sa.Column("monitor_id", ID, primary_key=True, autoincrement=False),
        sa.Column("history", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("window_start", MICROS, primary_key=True, autoincrement=False),
    ]
