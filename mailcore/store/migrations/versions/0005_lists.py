"""distribution lists

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "lists",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("domain_id", KEY, nullable=False),
        text("address"), text("name"), text("mode"), text("owner"), text("reply_to"),
        sa.Column("needs_sign_in", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_enabled", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lists")),
        sa.UniqueConstraint("address", name=op.f("uq_lists_address")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index(op.f("ix_lists_domain_id_address"), "lists", ["domain_id", "address"])
    op.create_table(
        "list_members",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("list_id", KEY, nullable=False),
        text("address"),
        sa.Column("bounces", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bounces_since", sa.BigInteger(), nullable=True),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("joined_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_members")),
        sa.UniqueConstraint("list_id", "address", name=op.f("uq_list_members_list_id_address")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_list_members_address"), "list_members", ["address"])


def downgrade() -> None:
    op.drop_table("list_members")
    op.drop_table("lists")
