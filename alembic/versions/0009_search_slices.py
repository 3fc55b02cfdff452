"""Keep searches for the rows that carry a change.

Revision 0009. The step is skipped where it was done already: one that was interrupted on MariaDB is simply
run again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
WORD = sa.String(20)
MICROS = sa.BigInteger()
TABLE = "slice_searches"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("incident_id", ID, primary_key=True, autoincrement=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", LONG),
        sa.Column("claim_until", MICROS, nullable=False),
        sa.Column("document", LONG),
        sa.Column("searched_at", MICROS),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"]),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table(TABLE, if_exists=True)
