"""An experiment as a table or a page."""
