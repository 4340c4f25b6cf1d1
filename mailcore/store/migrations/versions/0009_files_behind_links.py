"""files too large for a message, behind links

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "file_links",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        text("token"), text("name"), number("size"),
        sa.Column("blob_id", KEY, nullable=False),
        text("password_hash"), number("created_at"), number("expires_at"), number("downloads"),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("wrong", sa.Integer(), server_default="0", nullable=False),
        number("wrong_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_links")),
        sa.UniqueConstraint("token", name=op.f("uq_file_links_token")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    for column in ("account_id", "blob_id", "expires_at"):
        op.create_index(op.f(f"ix_file_links_{column}"), "file_links", [column], unique=False)


def downgrade() -> None:
    op.drop_table("file_links")
