"""Experiments through the Message Batches API: submit, follow, collect the results."""
