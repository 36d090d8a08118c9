"""A request as code to take away."""
