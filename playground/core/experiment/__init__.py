"""A grid of settings and cases: its cells, checks and results."""
