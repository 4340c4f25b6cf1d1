"""conversations, pins and saved searches

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("query", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_saved_searches_account_id_name")),
        sqlite_autoincrement=True,
    )
    op.drop_index("ix_messages_account_id_thread_id", table_name="messages")
    op.create_index("ix_messages_thread_id_mailbox_id_internal_date_id", "messages", ["thread_id", "mailbox_id", "internal_date", "id"])
    op.create_index(
        "ix_messages_pinned", "messages", ["mailbox_id", "internal_date"],
        sqlite_where=sa.text("instr(keywords, '$Pinned') > 0"), postgresql_where=sa.text("strpos(keywords, '$Pinned') > 0"),
    )  # fmt: skip


def downgrade() -> None:
    raise NotImplementedError("the copy made before the upgrade is the way back")
