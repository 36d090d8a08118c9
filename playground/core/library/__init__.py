"""Saved prompts, samples and lessons."""
