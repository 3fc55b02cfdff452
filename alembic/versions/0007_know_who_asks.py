"""Keep who may do what, and who did.

Revision 0007. API tokens, local users, sessions of browsers, and what was done by whom. Every step is skipped
where it was done already: one that was interrupted on MariaDB is simply run again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql")
NAME = sa.String(191)
WORD = sa.String(20)
DIGEST = sa.String(64)
MICROS = sa.BigInteger()


def upgrade() -> None:
    for name, parts, options in list_tables():
        op.create_table(
            name,
            *parts,
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
            if_not_exists=True,
            **options,
        )
    for name, table, columns in list_indexes():
        if name not in {str(known["name"]) for known in sa.inspect(op.get_bind()).get_indexes(table)}:
            op.create_index(name, table, columns)


def downgrade() -> None:
    for name, _, _ in reversed(list_tables()):
        op.drop_table(name, if_exists=True)


def list_indexes() -> list[tuple[str, str, list[str]]]:
    return [
        ("ix_sessions_name", "sessions", ["name", "how"]),
        ("ix_audit_actor", "audit", ["actor", "id"]),
        ("ix_audit_action", "audit", ["action", "id"]),
    ]


def list_tables() -> list[tuple[str, list[Any], dict[str, Any]]]:
    return [
        (
            "tokens",
            [
                sa.Column("id", ID, primary_key=True),
                sa.Column("name", NAME, nullable=False),
                sa.Column("digest", DIGEST, nullable=False),
                sa.Column("hint", WORD, nullable=False),
                sa.Column("scope", WORD, nullable=False),
                sa.Column("created_by", NAME, nullable=False),
                sa.Column("created_at", MICROS, nullable=False),
                sa.Column("expires_at", MICROS),
                sa.Column("last_used_at", MICROS),
                sa.Column("revoked_at", MICROS),
                sa.Column("revoked_by", NAME),
                sa.UniqueConstraint("digest", name="uq_tokens_digest"),
            ],
            # People hold on to these numbers: one is never given twice.
            {"sqlite_autoincrement": True},
        ),
        (
            "users",
            [
                sa.Column("name", NAME, primary_key=True),
                sa.Column("password", LONG, nullable=False),
                sa.Column("scope", WORD, nullable=False),
                sa.Column("created_by", NAME, nullable=False),
                sa.Column("created_at", MICROS, nullable=False),
                sa.Column("changed_at", MICROS, nullable=False),
            ],
            {},
        ),
        (
            "sessions",
            [
                sa.Column("digest", DIGEST, primary_key=True),
                sa.Column("name", NAME, nullable=False),
                sa.Column("how", WORD, nullable=False),
                sa.Column("scope", WORD, nullable=False),
                sa.Column("address", NAME, nullable=False),
                sa.Column("began_at", MICROS, nullable=False),
                sa.Column("seen_at", MICROS, nullable=False),
                sa.Column("ends_at", MICROS, nullable=False),
            ],
            {},
        ),
        (
            "audit",
            [
                sa.Column("id", ID, primary_key=True),
                sa.Column("at", MICROS, nullable=False),
                sa.Column("actor", NAME, nullable=False),
                sa.Column("how", WORD, nullable=False),
                sa.Column("address", NAME, nullable=False),
                sa.Column("action", NAME, nullable=False),
                sa.Column("subject", LONG, nullable=False),
                sa.Column("details", LONG, nullable=False),
            ],
            {"sqlite_autoincrement": True},
        ),
    ]
