"""Totals and days."""
