"""Alembic's entry: runs the scripts on the connection that `store.schema` hands over, or offline for nothing."""

from alembic import context

from mailcore.store.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=False)
with context.begin_transaction():
    context.run_migrations()
