"""The Message Batches API: its calls, and the results as they are read."""
