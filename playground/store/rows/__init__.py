"""Rows in memory, read, marked, reserved for and deleted."""
