"""Count how often a request for retraining was refused, apart from how often it was sent.

Revision 0012. The step is skipped where it was done already: one that was interrupted on MariaDB is simply
run again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMN = "failures"


def upgrade() -> None:
    if COLUMN not in list_columns():
        op.add_column("retrains", sa.Column(COLUMN, sa.Integer))


def downgrade() -> None:
    if COLUMN in list_columns():
        op.drop_column("retrains", COLUMN)


def list_columns() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_columns("retrains")}
