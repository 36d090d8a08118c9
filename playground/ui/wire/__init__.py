"""The request as sent, as code, and by API version."""
