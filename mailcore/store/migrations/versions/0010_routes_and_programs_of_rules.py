"""the route a rule chose for what waits, and the message a job works on

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("queue_items", sa.Column("route", sa.Text(), server_default="", nullable=False))
    op.add_column("jobs", sa.Column("blob_id", KEY, nullable=True))
    op.create_index(op.f("ix_jobs_blob_id"), "jobs", ["blob_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_jobs_blob_id"), "jobs")
    op.drop_column("jobs", "blob_id")
    op.drop_column("queue_items", "route")
