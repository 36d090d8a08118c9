"""Experiments through the Message Batches API: submitted, followed, taken in."""
