"""Answers and experiments as HTML files to pass on."""
