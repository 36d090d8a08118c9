"""Saved prompts and lessons."""
