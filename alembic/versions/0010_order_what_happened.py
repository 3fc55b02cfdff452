"""Give every event of an incident its position in the order in which programs follow them.

Revision 0010. Every step is skipped where it was done already: one that was interrupted on MariaDB is simply
run again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMN = "position"
INDEX = "ix_events_position"
COUNTER = "feed"
AT_ONCE = 500

EVENTS = sa.table(
    "events",
    sa.column("incident_id", sa.BigInteger),
    sa.column("seq", sa.Integer),
    sa.column("at", sa.BigInteger),
    sa.column(COLUMN, sa.BigInteger),
)
META = sa.table("meta", sa.column("name", sa.String), sa.column("value", sa.Text))


def upgrade() -> None:
    if COLUMN not in list_columns():
        op.add_column("events", sa.Column(COLUMN, sa.BigInteger))
    if INDEX not in list_indexes():
        op.create_index(INDEX, "events", [COLUMN])
    number_events()


def downgrade() -> None:
    op.execute(sa.delete(META).where(META.c.name == COUNTER))
    if INDEX in list_indexes():
        op.drop_index(INDEX, "events")
    if COLUMN in list_columns():
        op.drop_column("events", COLUMN)


def number_events() -> None:
    """Give the events that have no position yet theirs, by when they happened."""
    connection = op.get_bind()
    last = int(connection.execute(sa.select(sa.func.max(EVENTS.c.position))).scalar() or 0)
    order = (EVENTS.c.at, EVENTS.c.incident_id, EVENTS.c.seq)
    query = sa.select(EVENTS.c.incident_id, EVENTS.c.seq).where(EVENTS.c.position.is_(None)).order_by(*order)
    keys = connection.execute(query).all()
    change = (
        sa.update(EVENTS)
        .where(EVENTS.c.incident_id == sa.bindparam("of_incident"), EVENTS.c.seq == sa.bindparam("of_seq"))
        .values(position=sa.bindparam("to_position"))
    )
    rows = [
        {"of_incident": key.incident_id, "of_seq": key.seq, "to_position": last + place}
        for place, key in enumerate(keys, start=1)
    ]
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(change, rows[start : start + AT_ONCE])
    connection.execute(sa.delete(META).where(META.c.name == COUNTER))
    newest = last + len(rows)
    if newest:
        # Where nothing has happened yet nothing is kept: a backup is restored into a store without rows.
        connection.execute(sa.insert(META).values(name=COUNTER, value=str(newest)))


def list_columns() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_columns("events")}


def list_indexes() -> set[str]:
    return {str(known["name"]) for known in sa.inspect(op.get_bind()).get_indexes("events")}
