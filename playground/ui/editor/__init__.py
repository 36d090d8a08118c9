"""Prompt, variants, parameters, checks, undo, draft."""
