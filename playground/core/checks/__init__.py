"""What is wrong with a request before it is sent, and how to mend it."""
