"""Starting up, and the doctor."""
