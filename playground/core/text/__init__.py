"""Texts and what is in them: blocks, words, numbers, cells, keys."""
