"""How Alembic runs here: on the connection that `driftwatch.store.migrations` passes in.

From a shell: `alembic -x url=sqlite:///driftwatch.db upgrade head`.
"""

from alembic import context
from sqlalchemy.engine import Connection

from driftwatch.errors import UsageError
from driftwatch.net.engines import open_engine
from driftwatch.store.tables import VERSION_TABLE, metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        compare_type=True,
        # Our SQLite engines begin real transactions, and changes of tables are part of them.
        transactional_ddl=connection.dialect.name in {"sqlite", "postgresql"},
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def connect_and_run() -> None:
    url = context.get_x_argument(as_dictionary=True).get("url")
    if not url:
        raise UsageError("name the database: alembic -x url=sqlite:///driftwatch.db …")
    with open_engine(url, purpose="store").begin() as connection:
        run(connection)


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    connect_and_run()
