"""routes, MTA-STS policies, fetched accounts

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def small(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=False)


def big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "routes",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        text("pattern"), text("note"), text("host"), small("port"), text("security"), text("username"), text("password"), text("addresses"),
        small("is_inbound"), small("is_enabled", "1"), big("lifetime_seconds"), big("retry_seconds"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes")),
        sa.UniqueConstraint("pattern", name=op.f("uq_routes_pattern")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table(
        "sts_policies",
        sa.Column("domain", sa.String(), nullable=False),
        text("policy_id"), text("mode"), text("mx"), big("expires_at"),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_sts_policies")),
    )  # fmt: skip
    op.create_table(
        "fetched_accounts",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        text("protocol"), text("host"), small("port"), text("security"), text("username"), text("password"), text("mailbox"),
        big("every_seconds"), small("keep_days"), small("is_enabled", "1"), big("next_at"), sa.Column("last_at", sa.BigInteger(), nullable=True),
        big("brought"), text("trouble"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetched_accounts")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index(op.f("ix_fetched_accounts_account_id"), "fetched_accounts", ["account_id"])
    op.create_index(op.f("ix_fetched_accounts_next_at"), "fetched_accounts", ["next_at"])
    op.create_table(
        "fetched_messages",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("fetched_id", KEY, nullable=False),
        text("uid"), big("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetched_messages")),
        sa.UniqueConstraint("fetched_id", "uid", name=op.f("uq_fetched_messages_fetched_id_uid")),
        sqlite_autoincrement=True,
    )  # fmt: skip


def downgrade() -> None:
    for name in ("fetched_messages", "fetched_accounts", "sts_policies", "routes"):
        op.drop_table(name)
