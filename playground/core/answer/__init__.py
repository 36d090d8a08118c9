"""What comes back: events, usage, failures, when to try again."""
