"""A message batch, as values."""
