"""The run log beneath the page."""
