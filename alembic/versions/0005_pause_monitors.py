"""Keep who paused a monitor, and who made a reference the one that judges.

Revision 0005. Every step is skipped where it was done already: one that was interrupted on MariaDB is simply
run again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
MICROS = sa.BigInteger()
NEW = ("promoted_by", "promoted_why")


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("id", ID, primary_key=True),
        sa.Column("monitor_id", ID, sa.ForeignKey("monitors.id"), nullable=False),
        sa.Column("starts_at", MICROS, nullable=False),
        sa.Column("ends_at", MICROS),
        sa.Column("author", LONG, nullable=False),
        sa.Column("reason", LONG, nullable=False),
        sa.Column("ended_by", LONG),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    if "ix_pauses_monitor" not in list_indexes():
        op.create_index("ix_pauses_monitor", "pauses", ["monitor_id", "ends_at"])
    for name in NEW:
        if name not in list_columns():
            op.add_column("reference_versions", sa.Column(name, LONG))


def downgrade() -> None:
    for name in reversed(NEW):
        if name in list_columns():
            op.drop_column("reference_versions", name)
    op.drop_table("pauses", if_exists=True)


def list_columns() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_columns("reference_versions")}


def list_indexes() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_indexes("pauses")}
