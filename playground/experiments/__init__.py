"""Runs experiments on the engine. The API and the log are passed in as dependencies."""
