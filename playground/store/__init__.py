"""The run log: every run of every visitor, kept in SQLite or by URL in another database."""
