"""Rows of the log in memory, read, marked and deleted, and the money reserved for them."""
