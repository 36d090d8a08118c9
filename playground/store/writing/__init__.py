"""The one writer, its database and what can fail."""
