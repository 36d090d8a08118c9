"""Runs experiments on the engine. Knows neither the API nor the log: it is handed both."""
