"""The command line: one module a noun, every verb the directory's or the store's, `--json` everywhere."""
