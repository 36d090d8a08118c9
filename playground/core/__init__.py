"""Values and rules: what a request is, what goes out, when to retry, what it costs."""
