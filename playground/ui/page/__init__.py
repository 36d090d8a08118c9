"""The page: bar, toolbar, sidebar."""
