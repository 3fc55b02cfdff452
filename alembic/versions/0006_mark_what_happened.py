"""Keep markers, and which model a monitor's data feeds.

Revision 0006. Every step is skipped where it was done already: one that was interrupted on MariaDB is simply
run again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
NAME = sa.String(191)
MICROS = sa.BigInteger()
TABLE = "markers"
INDEX = "ix_markers_at"
COLUMN = "model"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", ID, primary_key=True),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("version", NAME),
        sa.Column("text", LONG),
        sa.Column("at", MICROS, nullable=False),
        sa.Column("monitor_key", NAME),
        sa.Column("owner", NAME),
        sa.Column("author", LONG),
        sa.Column("created_at", MICROS, nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        if_not_exists=True,
        # People hold on to these numbers: one is never given twice.
        sqlite_autoincrement=True,
    )
    op.create_index(INDEX, TABLE, ["at"], if_not_exists=True)
    if COLUMN not in list_columns():
        op.add_column("monitors", sa.Column(COLUMN, LONG))


def downgrade() -> None:
    if COLUMN in list_columns():
        op.drop_column("monitors", COLUMN)
    op.drop_table(TABLE, if_exists=True)


def list_columns() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_columns("monitors")}
