"""Keep the texts of every incident apart from the names of its fields, to be searched.

Revision 0011. Every step is skipped where it was done already: one that was interrupted on MariaDB is simply
run again.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
COLUMN = "words"
AT_ONCE = 500

INCIDENTS = sa.table(
    "incidents",
    sa.column("id", sa.BigInteger),
    sa.column("document", sa.Text),
    sa.column(COLUMN, sa.Text),
)


def upgrade() -> None:
    if COLUMN not in list_columns():
        op.add_column("incidents", sa.Column(COLUMN, LONG))
    collect_all()


def downgrade() -> None:
    if COLUMN in list_columns():
        op.drop_column("incidents", COLUMN)


def collect_all() -> None:
    """Give the incidents that have none yet their words."""
    connection = op.get_bind()
    known = sa.select(INCIDENTS.c.id, INCIDENTS.c.document).where(INCIDENTS.c.words.is_(None))
    change = (
        sa.update(INCIDENTS)
        .where(INCIDENTS.c.id == sa.bindparam("of_incident"))
        .values(words=sa.bindparam("to_words"))
    )
    while rows := connection.execute(known.order_by(INCIDENTS.c.id).limit(AT_ONCE)).all():
        connection.execute(change, [{"of_incident": row.id, "to_words": join_texts(row)} for row in rows])


def join_texts(row: Any) -> str:
    texts = dict.fromkeys(text.casefold() for text in list_texts(json.loads(row.document)))
    return json.dumps("\n".join(texts))


def list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from list_texts(item)


def list_columns() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_columns("incidents")}
