"""texts of the server's own messages, tallies by hour and day, what an account was warned of

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "server_messages",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        text("name"), text("language"), text("subject"), text("text"), number("changed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_messages")),
        sa.UniqueConstraint("name", "language", name=op.f("uq_server_messages_name_language")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table(
        "tallies",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        text("span"), number("at"), sa.Column("domain_id", KEY, nullable=False), text("name"), number("value"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
        sa.UniqueConstraint("span", "at", "domain_id", "name", name=op.f("uq_tallies_span_at_domain_id_name")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.execute("INSERT INTO tallies (span, at, domain_id, name, value) SELECT 'hour', hour, 0, name, value FROM counters")
    op.execute("INSERT INTO tallies (span, at, domain_id, name, value) SELECT 'day', hour / 24, 0, name, sum(value) FROM counters GROUP BY hour / 24, name")
    op.drop_table("counters")
    op.add_column("accounts", number("quota_warned"))


def downgrade() -> None:
    op.drop_column("accounts", "quota_warned")
    op.create_table(
        "counters",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        number("hour"), text("name"), number("value"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counters")),
        sa.UniqueConstraint("hour", "name", name=op.f("uq_counters_hour_name")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.execute("INSERT INTO counters (hour, name, value) SELECT at, name, value FROM tallies WHERE span = 'hour' AND domain_id = 0")
    op.drop_table("tallies")
    op.drop_table("server_messages")
