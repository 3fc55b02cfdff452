"""Say it plainly: keep of each finding what it says to everyone.

Revision 0008. The step is skipped where it was done already: one that was interrupted on MariaDB is simply
run again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
COLUMN = "plain"


def upgrade() -> None:
    if COLUMN not in list_columns():
        op.add_column("findings", sa.Column(COLUMN, LONG))


def downgrade() -> None:
    if COLUMN in list_columns():
        op.drop_column("findings", COLUMN)


def list_columns() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_columns("findings")}
