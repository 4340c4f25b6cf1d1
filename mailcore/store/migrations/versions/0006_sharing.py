"""rights in mailboxes, groups

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "mailbox_rights",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("mailbox_id", KEY, nullable=False),
        text("holder_kind"),
        sa.Column("holder_id", KEY, nullable=False),
        text("rights"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_rights")),
        sa.UniqueConstraint("mailbox_id", "holder_kind", "holder_id", name=op.f("uq_mailbox_rights_mailbox_id_holder_kind_holder_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_mailbox_rights_holder_kind_holder_id"), "mailbox_rights", ["holder_kind", "holder_id"])
    op.create_table(
        "member_groups",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("domain_id", KEY, nullable=False),
        text("address"), text("name"),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_groups")),
        sa.UniqueConstraint("address", name=op.f("uq_member_groups_address")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index(op.f("ix_member_groups_domain_id_address"), "member_groups", ["domain_id", "address"])
    op.create_table(
        "group_members",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_members")),
        sa.UniqueConstraint("group_id", "account_id", name=op.f("uq_group_members_group_id_account_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_group_members_account_id"), "group_members", ["account_id"])


def downgrade() -> None:
    op.drop_table("group_members")
    op.drop_table("member_groups")
    op.drop_table("mailbox_rights")
