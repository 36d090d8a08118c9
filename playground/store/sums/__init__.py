"""Totals, and sums by day."""
