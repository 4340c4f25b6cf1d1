"""the newest change of each setting is found without reading the whole audit

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_audit_name_target"), "audit", ["name", "target"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_name_target"), table_name="audit")
