"""The run log: filters, marks, votes, and runs as lines of files."""
