"""The event loop, a run and what has happened to it."""
