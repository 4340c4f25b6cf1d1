"""when mail to a member of a list came back, so that what counts is any fourteen days and not only those since the first

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("list_members", sa.Column("bounced", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("list_members", "bounced")
