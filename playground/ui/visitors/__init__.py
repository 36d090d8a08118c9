"""The gate, and what is kept of a visitor."""
