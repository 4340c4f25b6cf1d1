"""Long work: one table, one runner, a file a kind. The web and the command line only insert rows."""
