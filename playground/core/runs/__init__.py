"""A run before and after: its plan, its outcome, its row."""
