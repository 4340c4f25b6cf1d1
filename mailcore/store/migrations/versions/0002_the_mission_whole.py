"""the mission whole

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "block_list_states",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("checked_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_block_list_states")),
    )
    op.create_table(
        "filters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("data", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filters")),
        sa.UniqueConstraint("scope", "kind", name=op.f("uq_filters_scope_kind")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "forward_targets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("code_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forward_targets")),
        sa.UniqueConstraint("account_id", "address", name=op.f("uq_forward_targets_account_id_address")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "greylisted",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("network", sa.Text(), server_default="", nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("first_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("passed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_greylisted")),
        sa.UniqueConstraint("network", "sender", "recipient", name=op.f("uq_greylisted_network_sender_recipient")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("greylisted", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_greylisted_last_at"), ["last_at"], unique=False)

    op.create_table(
        "ip_ranges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lower", sa.Text(), server_default="", nullable=False),
        sa.Column("upper", sa.Text(), server_default="", nullable=False),
        sa.Column("protocols", sa.Text(), server_default="", nullable=False),
        sa.Column("allowed", sa.Text(), server_default="", nullable=False),
        sa.Column("needs_auth", sa.Text(), server_default="", nullable=False),
        sa.Column("checks_spam", sa.Integer(), server_default="1", nullable=False),
        sa.Column("checks_virus", sa.Integer(), server_default="1", nullable=False),
        sa.Column("needs_tls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ip_ranges")),
        sa.UniqueConstraint("name", name=op.f("uq_ip_ranges_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "labels",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("tone", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_labels_account_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "learned",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_spam", sa.Integer(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learned")),
        sa.UniqueConstraint("account_id", "email_id", name=op.f("uq_learned_account_id_email_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("learned", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_learned_at"), ["at"], unique=False)

    op.create_table(
        "replied",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handle", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replied")),
        sa.UniqueConstraint("account_id", "handle", "address", name=op.f("uq_replied_account_id_handle_address")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("replied", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_replied_at"), ["at"], unique=False)

    op.create_table(
        "seen_marks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mark", sa.Text(), server_default="", nullable=False),
        sa.Column("until", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seen_marks")),
        sa.UniqueConstraint("account_id", "mark", name=op.f("uq_seen_marks_account_id_mark")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("seen_marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_marks_until"), ["until"], unique=False)

    op.create_table(
        "sender_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("network", sa.Text(), server_default="", nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_rules")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sieve_scripts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("is_active", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sieve_scripts")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_sieve_scripts_account_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "signatures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_signatures_account_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "word_counts",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("word", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("spam", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("good", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account_id", "word", name=op.f("pk_word_counts")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("filters_version", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("is_device", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("keeps_submitted", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.add_column(sa.Column("new_signature_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("reply_signature_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))

    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_account_id_internal_date_id"), ["account_id", "internal_date", "id"], unique=False)

    with op.batch_alter_table("traces", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_traces_msgid"), ["msgid"], unique=False)

    # Each address's signature becomes one of its own, for new mail and replies alike.
    op.execute(
        "INSERT INTO signatures (account_id, name, text, html) SELECT account_id, address, signature_text, signature_html FROM identities WHERE signature_text <> ''"
    )
    own = "(SELECT s.id FROM signatures s WHERE s.account_id = identities.account_id AND s.name = identities.address)"
    op.execute(f"UPDATE identities SET new_signature_id = {own}, reply_signature_id = {own}")
    # SQLite's own DROP COLUMN keeps AUTOINCREMENT, a batch copy would not.
    op.execute("ALTER TABLE identities DROP COLUMN signature_text")
    op.execute("ALTER TABLE identities DROP COLUMN signature_html")


def downgrade() -> None:
    raise NotImplementedError("the copy made before the upgrade is the way back")
