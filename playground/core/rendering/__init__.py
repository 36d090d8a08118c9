"""One renderer of what a model said: safe HTML of Markdown, code and mathematics."""
