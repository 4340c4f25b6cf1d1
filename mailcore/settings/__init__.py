"""One catalogue: a setting is one row, and pages, command line and docs are made from it.

`catalogue` lists them, `values` holds an immutable snapshot of what differs from the defaults and writes changes.
"""
