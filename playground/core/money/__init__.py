"""Prices, bills, bounds and budgets."""
