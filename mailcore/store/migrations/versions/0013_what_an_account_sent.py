"""what an account has sent is found by the account

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    there = sa.text("account_id IS NOT NULL")
    op.create_index(op.f("ix_traces_account_id_at"), "traces", ["account_id", "at"], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    op.drop_index(op.f("ix_traces_account_id_at"), table_name="traces")
