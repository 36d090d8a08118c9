"""The one writer, its database, and the processes that share it."""
