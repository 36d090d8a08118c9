"""Calls in Python source, read without running it.

Straight-line code is followed: literals, names, f-strings, `+`, `join`, `append` and `[key] =`.
Whatever else could change a value makes it unknown, and an unknown value is listed, never guessed.
"""
