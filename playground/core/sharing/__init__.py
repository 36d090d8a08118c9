"""Links and files that carry a page or its answers."""
