"""The event loop and its runs."""
