"""Keep the counts of windows for a time: say of each verdict how finely they are kept.

Revision 0004. Every step is skipped where it was done already: one that was interrupted on MariaDB is simply
run again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMN = "grain"
INDEX = "ix_verdicts_grain"


def upgrade() -> None:
    if COLUMN not in list_columns():
        op.add_column("verdicts", sa.Column(COLUMN, sa.String(20)))
    if INDEX not in list_indexes():
        op.create_index(INDEX, "verdicts", ["monitor_id", "history", "grain", "finished_at"])


def downgrade() -> None:
    if INDEX in list_indexes():
        op.drop_index(INDEX, "verdicts")
    if COLUMN in list_columns():
        op.drop_column("verdicts", COLUMN)


def list_columns() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_columns("verdicts")}


def list_indexes() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_indexes("verdicts")}
