"""Costs, budgets, and reserving what a run may spend."""
