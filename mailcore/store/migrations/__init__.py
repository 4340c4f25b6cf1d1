"""Alembic's scripts: one file a change of schema, applied by `store.schema`."""
