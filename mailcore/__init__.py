"""Roost's mail core: everything under the web pages, in layers that stand in `pyproject.toml` and docs/architecture.md."""
