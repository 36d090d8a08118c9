"""The page's state, and the process's services."""
